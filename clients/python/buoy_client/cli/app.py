"""The program: its global options and groups of commands."""

import gc
import os
from pathlib import Path
from typing import Annotated

import typer

from buoy_client.cli import address, admin, instance, interface, namespace, network, node, pool
from buoy_client.cli.failures import EXIT_CODES, ErrorGroup
from buoy_client.cli.options import Output, limit
from buoy_client.cli.secrets import secret_from
from buoy_client.cli.session import Globals
from buoy_client.cli.whoami import whoami
from buoy_client.config import DEFAULT_SERVER

EPILOG = (
    EXIT_CODES
    + " Settings: the command line, then BUOY_* variables, then the file (~/.config/buoy/config.toml: server, namespace, key, "
    + "timeout, output, and profiles), then defaults; `buoy whoami` shows them. A unix socket is unix:///PATH."
)

app = typer.Typer(
    name="buoy",
    cls=ErrorGroup,
    help="Network interfaces of instances, and their floating addresses.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(pool.app, name="pool")
app.add_typer(network.app, name="network")
app.add_typer(instance.app, name="instance")
app.add_typer(interface.app, name="interface")
app.add_typer(address.app, name="address")
app.add_typer(node.app, name="node")
app.add_typer(namespace.app, name="namespace")
app.add_typer(admin.app, name="admin")
app.command()(whoami)


def print_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from buoy_client import __version__  # noqa: PLC0415  the package imports us first

        typer.echo(f"buoy {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", metavar="TARGET", help=f"HOST:PORT or unix:///PATH; {DEFAULT_SERVER} by default (BUOY_SERVER)."
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", metavar="NS", help="The namespace that you are (BUOY_NAMESPACE).")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="-|SECRET",
            help='One of its keys, "-" to be asked; others on this machine can read the command line (BUOY_KEY).',
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="A profile of the file (BUOY_PROFILE).")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", envvar="BUOY_CONFIG", metavar="FILE", help="Settings in TOML.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            envvar="BUOY_TIMEOUT",
            parser=limit,
            metavar="TIME",
            help="How long one call may take; 30 s by default.",
        ),
    ] = None,
    output: Output = None,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Network interfaces of instances, and their floating addresses."""
    del version
    secret = secret_from(key, f"Key of namespace {namespace or ''}".rstrip())
    ctx.obj = Globals(server, config, timeout, output, namespace, secret, profile)


def main() -> None:
    """Run the program; what grpc logs would stand between the lines for people, and says nothing that they lack."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    gc.freeze()  # at its end the interpreter would go through all that was imported, for a fifth of a command's time
    app()
