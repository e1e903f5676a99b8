"""`buoy ... events`: what happened to an object, in words, newest first."""

from collections.abc import Sequence
from typing import Annotated

import typer

from buoy_client.cli import views
from buoy_client.cli.options import InstanceRef, InterfaceUuid, Namespace, NetworkRef, NodeName, Output, PoolRef
from buoy_client.cli.session import Session, open_session
from buoy_client.models import Event
from buoy_client.operations.events import LIMIT
from buoy_client.states import EventKind

KINDS = [kind.value for kind in EventKind if kind is not EventKind.UNKNOWN]


def kind_from_text(text: str | None) -> str | None:
    """Read a kind of event."""
    if text is not None and text not in KINDS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(KINDS)}")
    return text


Kind = Annotated[
    str | None, typer.Option("--type", callback=kind_from_text, metavar="|".join(KINDS), help="Only those of this type.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")]


def show(session: Session, events: Sequence[Event]) -> None:
    """Answer with events."""
    session.emit_list(events, views.events(on_terminal=session.console.is_terminal), "events")


def of_interface(
    ctx: typer.Context, interface: InterfaceUuid, kind: Kind = None, limit: Limit = LIMIT, output: Output = None
) -> None:
    """List what happened to an interface, newest first."""
    session = open_session(ctx, output)
    show(session, session.client.get_interface_events(interface, kind, limit))


def of_instance(
    ctx: typer.Context,
    instance: InstanceRef,
    kind: Kind = None,
    limit: Limit = LIMIT,
    namespace: Namespace = None,
    output: Output = None,
) -> None:
    """List what happened to an instance, newest first."""
    session = open_session(ctx, output)
    show(session, session.client.get_instance_events(instance, kind, limit, namespace))


def of_network(
    ctx: typer.Context,
    network: NetworkRef,
    kind: Kind = None,
    limit: Limit = LIMIT,
    namespace: Namespace = None,
    output: Output = None,
) -> None:
    """List what happened to a network, newest first."""
    session = open_session(ctx, output)
    show(session, session.client.get_network_events(network, kind, limit, namespace))


def of_pool(ctx: typer.Context, pool: PoolRef, kind: Kind = None, limit: Limit = LIMIT, output: Output = None) -> None:
    """List what happened to a pool, newest first: changes, that it ran low, addresses that did not rest."""
    session = open_session(ctx, output)
    show(session, session.client.get_pool_events(pool, kind, limit))


def of_node(ctx: typer.Context, node: NodeName, kind: Kind = None, limit: Limit = LIMIT, output: Output = None) -> None:
    """List what happened to a node, newest first: also what others changed in its kernel and its agent put right."""
    session = open_session(ctx, output)
    show(session, session.client.get_node_events(node, kind, limit))
