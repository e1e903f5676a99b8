"""`buoy namespace`: tenants, whom they trust, and what they may use."""

from typing import Annotated

import typer

from buoy_client.cli import namespace_views as views
from buoy_client.cli.metadata import namespace_app
from buoy_client.cli.namespace_key import app as key_app
from buoy_client.cli.options import NamespaceName, Output, completes
from buoy_client.cli.session import open_session

app = typer.Typer(help="Namespaces (tenants): their keys, whom they trust, what they may use.", no_args_is_help=True)
trust = typer.Typer(help="The namespaces that may see and change what belongs to another.", no_args_is_help=True)
quota = typer.Typer(help="What a namespace may use at most.", no_args_is_help=True)
app.add_typer(key_app, name="key")
app.add_typer(trust, name="trust")
app.add_typer(quota, name="quota")
app.add_typer(namespace_app, name="metadata")

POOLS = completes(lambda client: client.get_pools())
External = Annotated[str, typer.Argument(metavar="OTHER", help="The namespace that is trusted.")]
Limit = Annotated[int, typer.Option(min=0, metavar="N", help="0, the default: no limit.")]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help='1 to 253 letters, digits, "-", "_" and ".".')],
    output: Output = None,
) -> None:
    """Create a namespace, without keys."""
    session = open_session(ctx, output)
    session.emit(session.client.create_namespace(name), views.namespace_fields, "namespace")


@app.command("list")
def list_namespaces(ctx: typer.Context, output: Output = None) -> None:
    """List the namespaces that you see."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_namespaces(), views.NAMESPACES, "namespaces")


@app.command()
def show(ctx: typer.Context, name: NamespaceName, output: Output = None) -> None:
    """Show one namespace."""
    session = open_session(ctx, output)
    session.emit(session.client.get_namespace(name), views.namespace_fields, "namespace")


@app.command()
def delete(ctx: typer.Context, name: NamespaceName, output: Output = None) -> None:
    """Delete a namespace in which nothing lives; its tokens end."""
    session = open_session(ctx, output)
    gone = session.client.delete_namespace(name)
    session.emit_done(gone, f"Namespace {gone.name} is deleted.")


@app.command()
def pool(
    ctx: typer.Context,
    name: NamespaceName,
    pool: Annotated[str | None, typer.Argument(metavar="POOL", help="By name or uuid.", autocompletion=POOLS)] = None,
    none: Annotated[bool, typer.Option("--none", help="No pool of its own: the oldest that does not drain.")] = False,
    output: Output = None,
) -> None:
    """Set the pool that a namespace's addresses come from where none is named."""
    if (pool is None) is not none:
        raise typer.BadParameter("give either a pool or --none")
    session = open_session(ctx, output)
    changed = session.client.set_namespace_pool(name, pool)
    words = f"comes from pool {pool}" if pool else "comes from the oldest pool that does not drain"
    session.emit_done(changed, f"What namespace {name} floats {words}.")


@trust.command()
def add(ctx: typer.Context, name: NamespaceName, external: External, output: Output = None) -> None:
    """Let another namespace see and change what belongs to this one."""
    session = open_session(ctx, output)
    changed = session.client.add_namespace_trust(name, external)
    session.emit_done(changed, f"Namespace {name} trusts {external}.")


@trust.command()
def remove(ctx: typer.Context, name: NamespaceName, external: External, output: Output = None) -> None:
    """End that."""
    session = open_session(ctx, output)
    changed = session.client.remove_namespace_trust(name, external)
    session.emit_done(changed, f"Namespace {name} does not trust {external}.")


@quota.command("set")
def set_quota(
    ctx: typer.Context,
    name: NamespaceName,
    interfaces: Limit = 0,
    floats: Limit = 0,
    addresses: Limit = 0,
    metadata_bytes: Limit = 0,
    output: Output = None,
) -> None:
    """Set all limits: interfaces, those that float, addresses of pools, and bytes of metadata of one object."""
    session = open_session(ctx, output)
    changed = session.client.set_namespace_quota(
        name, interfaces=interfaces, floats=floats, addresses=addresses, metadata_bytes=metadata_bytes
    )
    session.emit_done(changed, f"Namespace {name} may use: {views.quota_words(changed.quota)}.")
