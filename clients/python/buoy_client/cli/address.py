"""`buoy address`: single addresses of pools: reserving and moving them, who has them and who had."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Annotated

import typer

from buoy_client.cli import address_views as views
from buoy_client.cli.options import Namespace, Output, Wait, WaitTimeoutOption, completes, seconds
from buoy_client.cli.progress import wait_line
from buoy_client.cli.session import open_session
from buoy_client.cli.views import interface_fields, now
from buoy_client.errors import FailedPrecondition
from buoy_client.operations.base import WAIT_TIMEOUT
from buoy_client.operations.events import LIMIT
from buoy_client.states import ReservationType

app = typer.Typer(help="Addresses of pools: reserve, move, and see who has or had them.", no_args_is_help=True)


def address_from_text(text: str) -> str:
    """Read an address."""
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an IPv4 address such as 192.0.2.7") from None


def moment_from_text(text: str) -> datetime:
    """Read a moment: in ISO form, of UTC where it names no zone, or how long ago."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now() - timedelta(seconds=seconds(text.removesuffix(" ago").removesuffix("ago")))
        except (typer.BadParameter, OverflowError):
            raise typer.BadParameter(
                f'{text!r} is neither a moment such as 2026-01-31T14:05 nor a time ago such as "2h"'
            ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Address = Annotated[str, typer.Argument(metavar="ADDRESS", parser=address_from_text, help="An address of a pool.")]


@app.command()
def reserve(
    ctx: typer.Context,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="A given address, also one that you float at; one at random.")
    ] = None,
    pool: Annotated[str | None, typer.Option(metavar="REF", help="The pool to take it from; your own by default.")] = None,
    comment: Annotated[str, typer.Option(metavar="WORDS", help="What it is for.")] = "",
    namespace: Namespace = None,
    output: Output = None,
) -> None:
    """Reserve an address: it stays yours until you release it, whatever floats at it meanwhile."""
    session = open_session(ctx, output)
    chosen = address_from_text(address) if address else None
    record = session.client.reserve_address(chosen, pool, comment=comment, namespace=namespace)
    session.emit(record, views.address_fields, "address")


@app.command()
def release(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            parser=address_from_text,
            help="A reserved address.",
            autocompletion=completes(lambda client: client.get_reserved_addresses()),
        ),
    ],
    output: Output = None,
) -> None:
    """End a reservation: the address rests, and is anybody's then; one that floats goes on until it is defloated."""
    session = open_session(ctx, output)
    record = session.client.release_address(address)
    if record.until:
        words = f"{record.address} rests until {views.moment_text(record.until)} UTC."
    elif record.type == "reserved":
        words = f"{record.address} is free."
    else:
        words = f"{record.address} is reserved no more; it rests when {record.owner} gives it back."
    session.emit_done(record, words)


@app.command("list")
def list_addresses(ctx: typer.Context, namespace: Namespace = None, output: Output = None) -> None:
    """List the addresses that are reserved, also those that float."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_reserved_addresses(namespace), views.RESERVED, "reserved addresses")


@app.command()
def show(ctx: typer.Context, address: Address, output: Output = None) -> None:
    """Show what has an address, or had it last while it rests."""
    session = open_session(ctx, output)
    session.emit(session.client.get_address(address), views.address_fields, "address")


@app.command()
def move(
    ctx: typer.Context,
    address: Address,
    to: Annotated[str, typer.Option("--to", metavar="UUID", help="The interface that gets it; it must not float yet.")],
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Move a floating address to another interface in one step: the connections of the old one end, nobody else gets it.

    Nothing happens if another one moves it at the same time.
    """
    session = open_session(ctx, output)
    record = session.client.get_address(address)
    if record.type is not ReservationType.FLOATING and not record.promised_to:
        raise FailedPrecondition(f"{address} does not float: it is held as {record.type}", reason="NOT_FLOATING")
    holder = session.client.get_interface(record.promised_to or record.owner)
    with wait_line("moving", wait) as line:
        interface = session.client.move_floating(
            address, holder.uuid, to, if_revision=holder.revision, wait=wait, timeout=wait_timeout, on_change=line.show
        )
    line.finish(f"{address} floats at {interface.uuid}")
    session.emit(interface, interface_fields, "interface")


@app.command()
def history(
    ctx: typer.Context,
    address: Address,
    at: Annotated[
        datetime | None,
        typer.Option("--at", parser=moment_from_text, metavar="TIME", help='Who had it then: 2026-01-31T14:05 (UTC), or "2h".'),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")] = LIMIT,
    output: Output = None,
) -> None:
    """Say who had an address, newest first; times are UTC."""
    session = open_session(ctx, output)
    found = session.client.get_address_history(address, at, limit)
    when = f" at {views.moment_text(at)} UTC" if at else ""
    session.emit_list(found, views.HISTORY, f"holder of {address}{when} that you may know of")
