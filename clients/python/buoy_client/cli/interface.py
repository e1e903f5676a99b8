"""`buoy interface`: network interfaces and their floating addresses."""

from typing import Annotated

import typer

from buoy_client.cli import events, views
from buoy_client.cli.explain import explain
from buoy_client.cli.metadata import interface_app as metadata_app
from buoy_client.cli.options import Deleted, InterfaceUuid, Namespace, Output, Wait, WaitTimeoutOption, seconds
from buoy_client.cli.progress import after, wait_line
from buoy_client.cli.session import open_session
from buoy_client.cli.watch import watch
from buoy_client.models import Interface
from buoy_client.operations.base import WAIT_TIMEOUT
from buoy_client.states import FlowPolicy

app = typer.Typer(help="Network interfaces (NICs) of instances, and their floating addresses.", no_args_is_help=True)
app.command()(watch)
app.command()(explain)
app.command("events")(events.of_interface)
app.add_typer(metadata_app, name="metadata")

InstanceFilter = Annotated[str | None, typer.Option("--instance", metavar="REF", help="Only those of this instance.")]
NetworkFilter = Annotated[str | None, typer.Option("--network", metavar="REF", help="Only those on this network.")]
NodeFilter = Annotated[str | None, typer.Option("--node", metavar="N", help="Only those on this node.")]


DRAIN_TIME = 60.0  # the server's default, seconds
FLOWS = [policy.value for policy in FlowPolicy if policy is not FlowPolicy.UNKNOWN]


def flows_from_text(text: str) -> str:
    """Read what becomes of live connections."""
    if text not in FLOWS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(FLOWS)}")
    return text


def outcome(interface: Interface) -> str:
    """Give how a float ended, in words."""
    floating = interface.floating
    return f"floating at {floating.address}, {after(floating)}" if floating else f"interface is {interface.state}"


@app.command()
def create(
    ctx: typer.Context,
    instance: Annotated[str, typer.Option("--instance", metavar="REF", help="The instance, by name or uuid.")],
    network: Annotated[str, typer.Option("--network", metavar="REF", help="The network, by name or uuid.")],
    address: Annotated[str | None, typer.Option(metavar="A", help="Within the netblock; at random by default.")] = None,
    mac: Annotated[str | None, typer.Option(metavar="M", help="At random by default.")] = None,
    model: Annotated[str | None, typer.Option(help='What the hypervisor emulates; "virtio" by default.')] = None,
    float_: Annotated[bool, typer.Option("--float", help="Float it in the same step.")] = False,
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Plug one more interface into an instance (hot-plug)."""
    session = open_session(ctx, output)
    with wait_line("plugging", wait) as line:
        interface = session.client.create_interface(
            instance,
            network,
            address=address,
            macaddr=mac,
            model=model,
            float=float_,
            namespace=namespace,
            wait=wait,
            timeout=wait_timeout,
            on_change=line.show,
        )
    line.finish(outcome(interface))
    session.emit(interface, views.interface_fields, "interface")


@app.command("list")
def list_interfaces(
    ctx: typer.Context,
    instance: InstanceFilter = None,
    network: NetworkFilter = None,
    node: NodeFilter = None,
    namespace: Namespace = None,
    deleted: Deleted = False,
    output: Output = None,
) -> None:
    """List interfaces; all that is given must hold."""
    session = open_session(ctx, output)
    found = session.client.get_interfaces(
        instance=instance, network=network, node=node, namespace=namespace, include_deleted=deleted
    )
    session.emit_list(found, views.INTERFACES, "interfaces")


@app.command()
def show(ctx: typer.Context, interface: InterfaceUuid, output: Output = None) -> None:
    """Show one interface."""
    session = open_session(ctx, output)
    session.emit(session.client.get_interface(interface), views.interface_fields, "interface")


@app.command()
def delete(
    ctx: typer.Context,
    interface: InterfaceUuid,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Unplug and delete an interface; a floating one is defloated first."""
    session = open_session(ctx, output)
    with wait_line("deleting", wait) as line:
        gone = session.client.delete_interface(interface, wait=wait, timeout=wait_timeout, on_change=line.show)
    line.finish(f"interface is gone from {gone.node}")
    session.emit_done(gone, f"Interface {gone.uuid} is deleted.")


@app.command("float")
def float_interface(
    ctx: typer.Context,
    interface: InterfaceUuid,
    address: Annotated[str | None, typer.Option(metavar="A", help="A given address of a pool; at random by default.")] = None,
    pool: Annotated[str | None, typer.Option(metavar="REF", help="The pool to take it from; your own by default.")] = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Give an interface an address of the outside world; repeating it is safe."""
    if address and pool:
        raise typer.BadParameter("give --address or --pool, not both: an address names its pool")
    session = open_session(ctx, output)
    with wait_line("floating", wait) as line:
        interface_now = session.client.float_interface(
            interface, address, pool, wait=wait, timeout=wait_timeout, on_change=line.show
        )
    line.finish(outcome(interface_now))
    session.emit(interface_now, views.interface_fields, "interface")


@app.command()
def defloat(
    ctx: typer.Context,
    interface: InterfaceUuid,
    flows: Annotated[
        str,
        typer.Option(
            callback=flows_from_text,
            metavar="cut|drain|keep",
            help="What becomes of live connections: they end; go on until the last has ended, at most for --drain-time; "
            "go on while the address rests.",
        ),
    ] = "cut",
    drain_time: Annotated[
        float | None,
        typer.Option(
            "--drain-time",
            parser=seconds,
            metavar="TIME",
            help='With --flows drain: how long: seconds, or "5m"; 60 by default.',
        ),
    ] = None,
    keep_address: Annotated[
        bool, typer.Option("--keep-address", help="Reserve the address for your namespace, instead of letting it rest.")
    ] = False,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Take the floating address away; its live connections end, unless --flows says otherwise."""
    if drain_time is not None and flows != "drain":
        raise typer.BadParameter("--drain-time goes with --flows drain")
    longer = (DRAIN_TIME if drain_time is None else drain_time) if flows == "drain" else 0.0
    session = open_session(ctx, output)
    with wait_line("defloating", wait) as line:
        interface_now = session.client.defloat_interface(
            interface,
            keep_address=keep_address,
            flows=flows,
            drain_time=drain_time,
            wait=wait,
            timeout=wait_timeout + longer,
            on_change=line.show,
        )
    line.finish("defloated")
    session.emit(interface_now, views.interface_fields, "interface")


@app.command()
def reannounce(ctx: typer.Context, interface: InterfaceUuid, output: Output = None) -> None:
    """Have its node announce the floating address on its LAN again, for neighbours that lost it."""
    session = open_session(ctx, output)
    told = session.client.reannounce_interface(interface)
    address = told.floating.address if told.floating else ""
    session.emit_done(told, f"{told.node} announces {address}, some times within half a minute.")
