"""`buoy node`: the machines with agents."""

import typer

from buoy_client.cli import views
from buoy_client.cli.options import NodeName, Output
from buoy_client.cli.session import open_session

app = typer.Typer(help="Nodes: the machines with agents.", no_args_is_help=True)


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
