"""`buoy node`: the machines with agents."""

from typing import Annotated

import typer

from buoy_client.cli import events, views
from buoy_client.cli.options import NodeName, Output
from buoy_client.cli.session import open_session

app = typer.Typer(help="Nodes: the machines with agents.", no_args_is_help=True)
app.command("events")(events.of_node)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_nodes(ctx: typer.Context, output: Output = None) -> None:
    """List nodes by name."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_nodes(), views.NODES, "nodes: no agent has announced itself yet")


@app.command()
def fence(ctx: typer.Context, node: NodeName, output: Output = None) -> None:
    """Say that a missing node's machine is off, so that nothing waits for it any more.

    Make sure that it is: a machine that only cannot reach the server answers for its floating addresses all the time, and
    would go on when somebody else has them.
    """
    session = open_session(ctx, output)
    session.emit_done(session.client.fence_node(node), f"Node {node} counts as off: what it was to let go of rests now.")


@app.command()
def show(ctx: typer.Context, node: NodeName, output: Output = None) -> None:
    """Show one node."""
    session = open_session(ctx, output)
    session.emit(session.client.get_node(node), views.node_fields, "node")


@app.command()
def drain(ctx: typer.Context, node: NodeName, output: Output = None) -> None:
    """Place no new instances on a node; those that are there stay: move or delete them."""
    session = open_session(ctx, output)
    drained = session.client.drain_node(node)
    left = f"; {drained.instances} still there: buoy instance list --node {node}" if drained.instances else ""
    session.emit_done(drained, f"Nothing new is placed on {node}{left}.")


@app.command()
def undrain(ctx: typer.Context, node: NodeName, output: Output = None) -> None:
    """Place instances on a node again."""
    session = open_session(ctx, output)
    session.emit_done(session.client.undrain_node(node), f"Instances are placed on {node} again.")


@app.command()
def reannounce(ctx: typer.Context, node: NodeName, output: Output = None) -> None:
    """Have a node announce all its floating addresses on its LAN again, for neighbours that lost them."""
    session = open_session(ctx, output)
    told = session.client.reannounce_node(node)
    floats = f"{told.floats} floating address{'' if told.floats == 1 else 'es'}"
    session.emit_done(told, f"{node} announces its {floats}, some times within half a minute.")


@app.command()
def delete(ctx: typer.Context, node: NodeName, yes: Yes = False, output: Output = None) -> None:
    """Forget a node that is gone for good: what waited for it is taken as gone, and its addresses are released."""
    session = open_session(ctx, output)
    if not yes:
        typer.confirm(f"Is {node} off, or purged with `buoy-agent purge`? Its addresses may go to others.", abort=True)
    gone = session.client.get_node(node)
    session.client.delete_node(node)
    session.emit_done(gone, f"Node {node} is forgotten.")
