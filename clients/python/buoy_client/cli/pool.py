"""`buoy pool`: pools of floating addresses."""

from collections.abc import Sequence
from typing import Annotated

import typer

from buoy_client.cli import events, views
from buoy_client.cli.options import Output, PoolRef, seconds
from buoy_client.cli.session import Session, open_session
from buoy_client.models import Pool

app = typer.Typer(help="Pools of floating addresses.", no_args_is_help=True)
app.command("events")(events.of_pool)


def show_pool(session: Session, pool: Pool) -> None:
    """Answer with one pool."""
    plain_bar = not session.console.is_terminal
    session.emit(pool, lambda it: views.pool_fields(it, plain_bar), "pool")


Quarantine = Annotated[
    float | None,
    typer.Option(parser=seconds, metavar="TIME", help='How long a released address rests: seconds, or "5m"; 300 by default.'),
]
Low = Annotated[
    int | None,
    typer.Option("--low", min=0, max=50, metavar="PERCENT", help="Runs low when fewer are free; 10 by default, 0: never."),
]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An address that rests.")]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Unique among pools.")],
    ranges: Annotated[list[str], typer.Option("--range", metavar="CIDR", help='A block, or "first-last"; repeatable.')],
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="A", help='An address, a block or "first-last" to leave out; repeatable.'),
    ] = None,
    quarantine: Quarantine = None,
    low: Low = None,
    drain: Annotated[bool, typer.Option("--drain", help="Hand out nothing yet.")] = False,
    output: Output = None,
) -> None:
    """Create a pool."""
    session = open_session(ctx, output)
    made = session.client.create_pool(
        name, ranges, exclusions=exclude or (), quarantine=quarantine, low_percent=low, drain=drain
    )
    show_pool(session, made)


@app.command()
def update(
    ctx: typer.Context,
    pool: PoolRef,
    add: Annotated[list[str] | None, typer.Option("--add-range", metavar="CIDR", help="A range more; repeatable.")] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop-range", metavar="CIDR", help="One of its ranges, as it is shown; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="A", help="What to leave out from now on; repeatable.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="A", help="An exclusion to end, as it is shown; repeatable.")
    ] = None,
    quarantine: Quarantine = None,
    low: Low = None,
    drain: Annotated[
        bool | None, typer.Option("--drain/--no-drain", help="Hand out nothing any more; what is in use stays. Or again.")
    ] = None,
    output: Output = None,
) -> None:
    """Change a pool, also one in use; what you do not name stays.

    An address in use that would be left out is named, and nothing is changed.
    """
    session = open_session(ctx, output)
    now = session.client.get_pool(pool)
    changed = session.client.update_pool(
        pool,
        ranges=changed_list(now.ranges, add, drop, "--drop-range") if add or drop else None,
        exclusions=changed_list(now.exclusions, exclude, include, "--include") if exclude or include else None,
        quarantine=quarantine,
        low_percent=low,
        drain=drain,
        if_revision=now.revision if add or drop or exclude or include else 0,
    )
    show_pool(session, changed)


def changed_list(now: Sequence[str], more: list[str] | None, less: list[str] | None, option: str) -> list[str]:
    """Give a list with some more and some less; what is not in it cannot go."""
    for item in less or ():
        if item not in now:
            raise typer.BadParameter(f"{item} is not one of {', '.join(now) or 'none'}", param_hint=option)
    return [item for item in now if item not in (less or ())] + [item for item in more or () if item not in now]


@app.command("list")
def list_pools(ctx: typer.Context, output: Output = None) -> None:
    """List all pools and how full they are, oldest first."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_pools(), views.pools(not session.console.is_terminal), "pools")


@app.command()
def show(ctx: typer.Context, pool: PoolRef, output: Output = None) -> None:
    """Show one pool."""
    session = open_session(ctx, output)
    show_pool(session, session.client.get_pool(pool))


@app.command()
def addresses(ctx: typer.Context, pool: PoolRef, output: Output = None) -> None:
    """List the addresses of a pool that are not free, each with why."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_pool_addresses(pool), views.RESERVATIONS, "addresses in use")


@app.command()
def quarantine(ctx: typer.Context, pool: PoolRef, output: Output = None) -> None:
    """List the addresses of a pool that rest after their release: whose they were, why, until when."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_pool_quarantine(pool), views.QUARANTINE, "addresses at rest")


@app.command()
def lift(ctx: typer.Context, address: Address, output: Output = None) -> None:
    """End the rest of an address: it is free at once."""
    session = open_session(ctx, output)
    was = session.client.lift_quarantine(address)
    session.emit_done(was, f"{was.address} is free.")


@app.command()
def extend(
    ctx: typer.Context,
    address: Address,
    duration: Annotated[float, typer.Argument(parser=seconds, metavar="TIME", help='From now: seconds, or "12h".')],
    output: Output = None,
) -> None:
    """Let an address rest for longer; nobody but its last owner gets it before, however full the pool is."""
    session = open_session(ctx, output)
    record = session.client.extend_quarantine(address, duration)
    session.emit_done(record, f"{record.address} rests until {record.until:%Y-%m-%d %H:%M:%S} UTC.")


@app.command()
def delete(ctx: typer.Context, pool: PoolRef, output: Output = None) -> None:
    """Delete a pool of which no address is in use."""
    session = open_session(ctx, output)
    gone = session.client.delete_pool(pool)
    session.emit_done(gone, f"Pool {gone.name} is deleted.")
