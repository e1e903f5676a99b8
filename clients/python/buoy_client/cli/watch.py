"""`buoy interface watch`: every change as it happens."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from buoy_client.cli.formats import OutputFormat, name_of, to_json_line, to_yaml
from buoy_client.cli.options import Namespace, Output, completes
from buoy_client.cli.session import open_session
from buoy_client.cli.tables import line
from buoy_client.cli.words import clean, clock, floating_text, moment, state_text
from buoy_client.models import InterfaceEvent

SIGNS = {"snapshot": "=", "created": "+", "updated": "~", "deleted": "-"}
WIDTHS = [9, 1, 36, 7, 27, 0]  # 27: an address that is not active yet, with its phase
When = Callable[[datetime | None], str]


def event_line(event: InterfaceEvent, when: When = clock) -> Text:
    """Give one event in one line: when, what happened, to which interface, how it is now, and the call that did it."""
    cells = [
        Text(when(event.time or event.interface.update_time), style="dim"),
        Text(SIGNS.get(event.type, "?"), style="bold"),
        Text(clean(event.interface.uuid)),
        state_text(event.interface.state),
        floating_text(event.interface.floating),
    ]
    if event.cause.method:
        cells.append(Text(clean(f"{event.cause.method} by {event.cause.actor}"), style="dim"))
    return line(cells, WIDTHS[: len(cells)])


def event_text(event: InterfaceEvent, output: OutputFormat, when: When) -> str | Text:
    """Give one event in the form that was asked for."""
    match output:
        case OutputFormat.JSON:
            return to_json_line(event)
        case OutputFormat.YAML:
            return f"---\n{to_yaml(event)}"
        case OutputFormat.NAME:
            return name_of(event.interface)
    return event_line(event, when)


def watch(
    ctx: typer.Context,
    interface: Annotated[
        str | None,
        typer.Argument(
            metavar="[UUID]", help="Only this interface.", autocompletion=completes(lambda client: client.get_interfaces())
        ),
    ] = None,
    instance: Annotated[str | None, typer.Option(metavar="REF", help="Only those of this instance.")] = None,
    network: Annotated[str | None, typer.Option(metavar="REF", help="Only those on this network.")] = None,
    node: Annotated[str | None, typer.Option(metavar="N", help="Only those on this node.")] = None,
    namespace: Namespace = None,
    start: Annotated[
        int,
        typer.Option("--from", min=0, metavar="REVISION", help="Start with the changes from here on; 0: with what is there."),
    ] = 0,
    output: Output = None,
) -> None:
    """Show every change as it happens (= was there, + new, ~ changed, - deleted), until interrupted.

    It reconnects and goes on by itself, without gap or repeat. Times are UTC. With -o json each event is one line.
    """
    session = open_session(ctx, output)
    when = clock if session.console.is_terminal else moment
    with session.client.watch_interfaces(
        interface_uuid=interface,
        instance=instance,
        network=network,
        node=node,
        namespace=namespace,
        start_revision=start,
        on_snapshot=lambda why: session.note(clean(f"Took a fresh snapshot: {why.message.rstrip('.')}.")),
    ) as events:
        for event in events:
            session.say(event_text(event, session.output, when))
