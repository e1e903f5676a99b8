"""`buoy network`: private networks."""

from typing import Annotated

import typer

from buoy_client.cli import events, views
from buoy_client.cli.metadata import network_app as metadata_app
from buoy_client.cli.options import Deleted, Namespace, NetworkRef, Output, Wait, WaitTimeoutOption
from buoy_client.cli.progress import wait_line
from buoy_client.cli.session import open_session
from buoy_client.operations.base import WAIT_TIMEOUT

app = typer.Typer(help="Private networks.", no_args_is_help=True)
app.command("events")(events.of_network)
app.add_typer(metadata_app, name="metadata")


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Unique among the namespace's networks.")],
    netblock: Annotated[str, typer.Option("--netblock", metavar="CIDR", help="An IPv4 block; index 1 is the gateway.")],
    nat: Annotated[bool, typer.Option("--nat/--no-nat", help="Instances without a floating address may call out.")] = False,
    dhcp: Annotated[bool, typer.Option("--dhcp/--no-dhcp", help="Said to its orchestrator; never interpreted.")] = False,
    dns: Annotated[bool, typer.Option("--dns/--no-dns", help="Likewise.")] = False,
    namespace: Namespace = None,
    output: Output = None,
) -> None:
    """Create a network."""
    session = open_session(ctx, output)
    network = session.client.create_network(
        name, netblock, provide_nat=nat, provide_dhcp=dhcp, provide_dns=dns, namespace=namespace
    )
    session.emit(network, views.network_fields, "network")


@app.command("list")
def list_networks(ctx: typer.Context, namespace: Namespace = None, deleted: Deleted = False, output: Output = None) -> None:
    """List networks."""
    session = open_session(ctx, output)
    found = session.client.get_networks(namespace=namespace, include_deleted=deleted)
    session.emit_list(found, views.NETWORKS, "networks")


@app.command()
def show(ctx: typer.Context, network: NetworkRef, namespace: Namespace = None, output: Output = None) -> None:
    """Show one network."""
    session = open_session(ctx, output)
    session.emit(session.client.get_network(network, namespace), views.network_fields, "network")


@app.command()
def interfaces(ctx: typer.Context, network: NetworkRef, namespace: Namespace = None, output: Output = None) -> None:
    """List the interfaces on a network."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_network_interfaces(network, namespace), views.INTERFACES, "interfaces")


@app.command()
def addresses(ctx: typer.Context, network: NetworkRef, namespace: Namespace = None, output: Output = None) -> None:
    """List the addresses of a network that are not free, each with why."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_network_addresses(network, namespace), views.RESERVATIONS, "addresses in use")


@app.command()
def route(
    ctx: typer.Context,
    network: NetworkRef,
    address: Annotated[str | None, typer.Option("--address", metavar="IP", help="This one; a random one by default.")] = None,
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="REF", help="The pool to take it from; your own by default.")
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", metavar="NAME", help="By this node; one with an instance by default.")
    ] = None,
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Route an address of a pool into a network, without NAT.

    An instance on the network is reached at the address once its own NIC bears it.
    """
    session = open_session(ctx, output)
    with wait_line("routing", wait) as line:
        routed = session.client.route_address(
            network,
            address,
            pool=pool,
            node=node,
            namespace=namespace,
            wait=wait,
            timeout=wait_timeout,
            on_change=line.show,
        )
    line.finish(f"{routed.address} is routed by node {routed.node}")
    session.emit(routed, views.routed_fields, "routed address")


@app.command()
def unroute(
    ctx: typer.Context,
    network: NetworkRef,
    address: Annotated[str, typer.Argument(metavar="IP", help="The routed address.")],
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Take a routed address away from a network."""
    session = open_session(ctx, output)
    with wait_line("releasing", wait) as line:
        left = session.client.unroute_address(
            network, address, namespace=namespace, wait=wait, timeout=wait_timeout, on_change=line.show
        )
    line.finish(f"{address} is gone from its node")
    there = any(str(routed.address) == address for routed in left.routed_addresses)
    words = f"being released by network {left.name}" if there else f"no longer routed into network {left.name}"
    session.emit_done(left, f"{address} is {words}.")


@app.command()
def delete(
    ctx: typer.Context,
    network: NetworkRef,
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Delete a network without interfaces."""
    session = open_session(ctx, output)
    with wait_line("deleting", wait) as line:
        gone = session.client.delete_network(network, namespace, wait=wait, timeout=wait_timeout, on_change=line.show)
    line.finish(f"network {gone.name} is gone from every node")
    session.emit_done(gone, f"Network {gone.name} is {'deleted' if gone.state == 'deleted' else 'being deleted'}.")
