"""`buoy pool`: pools of floating addresses."""

from typing import Annotated

import typer

from buoy_client.cli import views
from buoy_client.cli.options import Output, PoolRef, seconds
from buoy_client.cli.session import Session, open_session
from buoy_client.models import Pool

app = typer.Typer(help="Pools of floating addresses.", no_args_is_help=True)


def show_pool(session: Session, pool: Pool) -> None:
    """Answer with one pool."""
    plain_bar = not session.console.is_terminal
    session.emit(pool, lambda it: views.pool_fields(it, plain_bar), "pool")


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Unique among pools.")],
    ranges: Annotated[list[str], typer.Option("--range", metavar="CIDR", help='A block, or "first-last"; repeatable.')],
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="A", help='An address, a block or "first-last" to leave out; repeatable.'),
    ] = None,
    quarantine: Annotated[
        float | None,
        typer.Option(
            parser=seconds, metavar="TIME", help='How long a released address rests: seconds, or "5m"; 300 by default.'
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Create a pool."""
    session = open_session(ctx, output)
    show_pool(session, session.client.create_pool(name, ranges, exclusions=exclude or (), quarantine=quarantine))


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
def delete(ctx: typer.Context, pool: PoolRef, output: Output = None) -> None:
    """Delete a pool of which no address is in use."""
    session = open_session(ctx, output)
    gone = session.client.delete_pool(pool)
    session.emit_done(gone, f"Pool {gone.name} is deleted.")
