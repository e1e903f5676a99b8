"""`buoy instance`: instances and their interfaces."""

from typing import Annotated

import typer

from buoy_client.cli import events, views
from buoy_client.cli.metadata import instance_app as metadata_app
from buoy_client.cli.options import Deleted, InstanceRef, Namespace, Output, Wait, WaitTimeoutOption
from buoy_client.cli.progress import wait_line
from buoy_client.cli.session import open_session
from buoy_client.models import InterfaceSpec
from buoy_client.operations.base import WAIT_TIMEOUT
from buoy_client.states import InstanceDriver

app = typer.Typer(help="Instances: virtual machines, containers, anything with NICs.", no_args_is_help=True)
app.command("events")(events.of_instance)
app.add_typer(metadata_app, name="metadata")

SPEC_KEYS = {"address": "address", "mac": "macaddr", "model": "model"}
DRIVERS = [InstanceDriver.NETNS.value, InstanceDriver.ADOPT.value]


def spec(text: str) -> InterfaceSpec:
    """Read "REF[,address=A][,mac=M][,model=M][,float]"."""
    network, *words = text.split(",")
    pairs = [word.partition("=") for word in words if word != "float"]
    wrong = [key + sign + value for key, sign, value in pairs if key not in SPEC_KEYS or not value]
    if wrong or not network:
        raise typer.BadParameter(f"{text!r} is not REF[,address=A][,mac=M][,model=M][,float]")
    return InterfaceSpec(network, float="float" in words, **{SPEC_KEYS[key]: value for key, _, value in pairs})


def driver_from_text(text: str) -> str:
    """Read a driver."""
    if text not in DRIVERS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(DRIVERS)}")
    return text


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Unique among the namespace's instances.")],
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--network",
            metavar="REF[,...]",
            help="A NIC: a network, then ,address=A ,mac=M ,model=M ,float as needed; repeatable.",
        ),
    ] = None,
    node: Annotated[
        str | None, typer.Option(metavar="N", help="The node; the connected one with the fewest instances by default.")
    ] = None,
    driver: Annotated[
        str,
        typer.Option(
            callback=driver_from_text,
            metavar="netns|adopt",
            help="Who makes the NICs: the agent, or somebody else already has.",
        ),
    ] = "netns",
    default_network: Annotated[
        bool, typer.Option("--default-network", help="Without --network: a NIC on the namespace's network `default`.")
    ] = False,
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Create an instance with its interfaces, all or nothing."""
    session = open_session(ctx, output)
    specs = [spec(text) for text in networks or []]
    with wait_line("creating", wait) as line:
        instance = session.client.create_instance(
            name,
            specs,
            node=node,
            driver=driver,
            default_network=default_network,
            namespace=namespace,
            wait=wait,
            timeout=wait_timeout,
            on_change=line.show,
        )
    line.finish(f"created on {instance.node}")
    session.emit(instance, views.instance_fields, "instance")


@app.command("list")
def list_instances(
    ctx: typer.Context,
    node: Annotated[str | None, typer.Option(metavar="N", help="Only those on this node.")] = None,
    namespace: Namespace = None,
    deleted: Deleted = False,
    output: Output = None,
) -> None:
    """List instances."""
    session = open_session(ctx, output)
    found = session.client.get_instances(namespace=namespace, node=node, include_deleted=deleted)
    session.emit_list(found, views.INSTANCES, "instances")


@app.command()
def show(ctx: typer.Context, instance: InstanceRef, namespace: Namespace = None, output: Output = None) -> None:
    """Show one instance."""
    session = open_session(ctx, output)
    session.emit(session.client.get_instance(instance, namespace), views.instance_fields, "instance")


@app.command()
def interfaces(ctx: typer.Context, instance: InstanceRef, namespace: Namespace = None, output: Output = None) -> None:
    """List the interfaces of an instance by their order."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_instance_interfaces(instance, namespace), views.INTERFACES, "interfaces")


@app.command()
def delete(
    ctx: typer.Context,
    instance: InstanceRef,
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Delete an instance and its interfaces."""
    session = open_session(ctx, output)
    with wait_line("deleting", wait) as line:
        gone = session.client.delete_instance(instance, namespace, wait=wait, timeout=wait_timeout, on_change=line.show)
    line.finish(f"instance {gone.name} is gone from {gone.node}")
    session.emit_done(gone, f"Instance {gone.name} is {'deleted' if gone.state == 'deleted' else 'being deleted'}.")


@app.command()
def move(
    ctx: typer.Context,
    instance: InstanceRef,
    node: Annotated[str, typer.Option("--node", metavar="N", help="The node to move it to.")],
    namespace: Namespace = None,
    wait: Wait = False,
    wait_timeout: WaitTimeoutOption = WAIT_TIMEOUT,
    output: Output = None,
) -> None:
    """Move an instance to another node, with its addresses; its connections survive where it does itself."""
    session = open_session(ctx, output)
    with wait_line("moving", wait) as line:
        moved = session.client.move_instance(instance, node, namespace, wait=wait, timeout=wait_timeout, on_change=line.show)
    line.finish(f"instance {moved.name} is on {moved.node}")
    session.emit(moved, views.instance_fields, "instance")
