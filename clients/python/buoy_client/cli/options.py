"""Options and arguments that several commands share, with their help and completion."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated

import typer

from buoy_client.cli.formats import OutputFormat, name_of
from buoy_client.cli.session import Globals
from buoy_client.client import BuoyClient
from buoy_client.config import ConfigError, seconds_from_text
from buoy_client.errors import BuoyError
from buoy_client.record import Record

COMPLETION_PATIENCE = 1.0


def seconds(text: str | float) -> float:
    """Read an option's length of time."""
    try:
        value = seconds_from_text(str(text))
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
    if value < 0:
        raise typer.BadParameter("a time cannot be negative")
    return value


def limit(text: str | float) -> float:
    """Read an option's deadline, which cannot be nothing."""
    value = seconds(text)
    if not value:
        raise typer.BadParameter("a deadline of 0 leaves no time at all")
    return value


def completes(ask: Callable[[BuoyClient], Iterable[Record]]) -> Callable[[typer.Context, str], list[str]]:
    """Complete from what the server has: names where there are names, and uuids; nothing where it does not answer soon."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        given = ctx.find_object(Globals) or Globals.parsed(ctx.find_root().params)
        try:
            config = replace(given, timeout=COMPLETION_PATIENCE).settings()
            with BuoyClient(config=config) as client:
                found = list(ask(client))
        except (BuoyError, ConfigError):
            return []
        words = [name for item in found for name in (getattr(item, "name", None), name_of(item)) if name]
        return sorted({word for word in words if word.startswith(incomplete)})

    return complete


Output = Annotated[
    OutputFormat | None, typer.Option("--output", "-o", help="table for people; json, yaml or name for programs.")
]
Namespace = Annotated[str | None, typer.Option("--namespace", metavar="NS", help="The namespace to look in; yours by default.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return when it is done, and show how far it has come.")]
WaitTimeoutOption = Annotated[
    float, typer.Option("--wait-timeout", parser=limit, metavar="TIME", help='How long --wait waits: seconds, or "5m".')
]
Deleted = Annotated[bool, typer.Option("--all", help="Deleted ones too, for as long as the server keeps them.")]

INTERFACE = typer.Argument(
    metavar="UUID", help="The interface.", autocompletion=completes(lambda client: client.get_interfaces())
)
INSTANCE = typer.Argument(
    metavar="REF", help="The instance, by name or uuid.", autocompletion=completes(lambda client: client.get_instances())
)
NETWORK = typer.Argument(
    metavar="REF", help="The network, by name or uuid.", autocompletion=completes(lambda client: client.get_networks())
)
POOL = typer.Argument(
    metavar="REF", help="The pool, by name or uuid.", autocompletion=completes(lambda client: client.get_pools())
)
NODE = typer.Argument(metavar="NAME", help="The node.", autocompletion=completes(lambda client: client.get_nodes()))
NAMESPACE = typer.Argument(
    metavar="NAME", help="The namespace.", autocompletion=completes(lambda client: client.get_namespaces())
)
InterfaceUuid = Annotated[str, INTERFACE]
InstanceRef = Annotated[str, INSTANCE]
NetworkRef = Annotated[str, NETWORK]
PoolRef = Annotated[str, POOL]
NodeName = Annotated[str, NODE]
NamespaceName = Annotated[str, NAMESPACE]
