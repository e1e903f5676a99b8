"""What people see of each object: the columns of its list, and the fields of its page. Tables of functions, nothing more."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.text import Text

from buoy_client.cli.tables import Column
from buoy_client.cli.words import (
    NOTHING,
    ago,
    clean,
    duration_text,
    exact_span,
    floating_text,
    moment,
    plain_text,
    state_text,
    usage_bar,
    yes_no,
)
from buoy_client.models import (
    Change,
    Draining,
    Event,
    Floating,
    Instance,
    Interface,
    Network,
    Node,
    Pool,
    Reservation,
    RoutedAddress,
)
from buoy_client.record import Json

Fields = list[tuple[str, Text]]


def now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


INTERFACES: list[Column[Interface]] = [
    Column("UUID", lambda it: plain_text(it.uuid)),
    Column("STATE", lambda it: state_text(it.state), 1),
    Column("ADDRESS", lambda it: plain_text(it.ipv4), 1),
    Column("FLOATING", lambda it: floating_text(it.floating), 1),
    Column("NODE", lambda it: plain_text(it.node), 2),
    Column("CHANGED", lambda it: ago(it.update_time, now()), 3),
    Column("MAC", lambda it: plain_text(it.macaddr), 4),
    Column("INSTANCE", lambda it: plain_text(it.instance_uuid), 5),
    Column("NETWORK", lambda it: plain_text(it.network_uuid), 6),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 7),
]
INSTANCES: list[Column[Instance]] = [
    Column("NAME", lambda it: plain_text(it.name)),
    Column("UUID", lambda it: plain_text(it.uuid)),
    Column("STATE", lambda it: state_text(it.state), 1),
    Column("NODE", lambda it: plain_text(it.node), 2),
    Column("CHANGED", lambda it: ago(it.update_time, now()), 3),
    Column("DRIVER", lambda it: plain_text(it.driver), 5),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 4),
]
NETWORKS: list[Column[Network]] = [
    Column("NAME", lambda it: plain_text(it.name)),
    Column("UUID", lambda it: plain_text(it.uuid)),
    Column("NETBLOCK", lambda it: plain_text(it.netblock), 1),
    Column("NAT", lambda it: yes_no(it.provide_nat), 3),
    Column("STATE", lambda it: state_text(it.state), 2),
    Column("CHANGED", lambda it: ago(it.update_time, now()), 5),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 4),
]


def node_state(it: Node) -> Text:
    """Give where a node stands, and whether it is drained."""
    return Text.assemble(state_text(it.state), (", drained", "yellow") if it.drain else "")


NODES: list[Column[Node]] = [
    Column("NAME", lambda it: plain_text(it.name)),
    Column("STATE", node_state, 1),
    Column("CONNECTED", lambda it: yes_no(it.connected), 1),
    Column("INSTANCES", lambda it: plain_text(it.instances), 2),
    Column("INTERFACES", lambda it: plain_text(it.interfaces), 2),
    Column("FLOATS", lambda it: plain_text(it.floats), 2),
    Column("AGENT", lambda it: plain_text(it.agent_version), 3),
    Column("OUTSIDE", lambda it: plain_text(it.external_interface), 4),
]
RESERVATIONS: list[Column[Reservation]] = [
    Column("ADDRESS", lambda it: plain_text(it.address)),
    Column("HELD AS", lambda it: plain_text(it.type)),
    Column("OWNER", lambda it: plain_text(it.owner), 1),
    Column("UNTIL", lambda it: ago(it.until, now()), 2),
    Column("SINCE", lambda it: ago(it.since, now()), 3),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 4),
    Column("COMMENT", lambda it: plain_text(it.comment), 5),
    Column("REQUEST", lambda it: plain_text(it.request_id), 6),
]
QUARANTINE: list[Column[Reservation]] = [
    Column("ADDRESS", lambda it: plain_text(it.address)),
    Column("RESTS UNTIL", lambda it: Text.assemble(ago(it.until, now()), (" at least" if it.extended else ""))),
    Column("RELEASED", lambda it: ago(it.since, now()), 1),
    Column("WHY", lambda it: plain_text(it.reason), 2),
    Column("LAST OWNER", lambda it: plain_text(it.owner), 3),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 1),
]


def events(*, on_terminal: bool) -> list[Column[Event]]:
    """Give the columns of events; how long ago something was means nothing in a file."""
    return [
        Column("WHEN", lambda it: ago(it.time, now()) if on_terminal else Text(moment(it.time))),
        Column("TYPE", lambda it: plain_text(it.type), 2),
        Column("CALL", lambda it: plain_text(f"{it.method} by {it.actor}"), 1),
        Column("CHANGED", lambda it: plain_text(", ".join(change_words(change) for change in it.changes)), 3, detail=True),
        Column("REQUEST", lambda it: plain_text(it.request_id), 4, detail=True),
        Column("WHAT", lambda it: plain_text(it.message), prose=True),
    ]


def change_words(change: Change) -> str:
    """Give what changed, in short; metadata is named by its key alone."""
    if not change.before and not change.after:
        return change.property
    return f"{change.property} {change.before or NOTHING} -> {change.after or NOTHING}"


def pools(ascii_only: bool) -> list[Column[Pool]]:
    """Give the columns of pools, the bar in plain characters where asked; tenants see no usage."""
    return [
        Column("NAME", lambda it: plain_text(it.name)),
        Column("RANGES", lambda it: plain_text(", ".join(it.ranges)), 1),
        Column("IN USE", lambda it: usage_bar(it.usage, ascii_only) if it.usage.size else Text(NOTHING), 1),
        Column("FREE", lambda it: plain_text(it.usage.free if it.usage.size else None), 1),
        Column("RESTING", lambda it: plain_text(it.usage.quarantined if it.usage.size else None), 2),
        Column("STATE", pool_state, 1),
        Column("UUID", lambda it: plain_text(it.uuid), 3),
    ]


def pool_state(it: Pool) -> Text:
    """Give what there is to say of a pool in a word or two."""
    words = [Text("drains", style="yellow")] if it.drain else []
    words += [Text("low", style="red")] if it.warning else []
    return Text(", ").join(words) if words else Text("ok", style="green")


def shown(reason: str) -> Text:
    """Give a reason behind its state."""
    return Text(f": {clean(reason)}") if reason else Text()


def floating_words(floating: Floating | None) -> Text:
    """Give a floating address with all that is known of how far it has come."""
    if floating is None:
        return floating_text(None)
    took = ""
    if floating.requested_time and floating.active_time and floating.phase == "active":
        took = f" after {exact_span((floating.active_time - floating.requested_time).total_seconds())}"
    return Text.assemble(f"{floating.address} ", state_text(floating.phase), (took, "dim"), shown(floating.reason))


def routed_words(routed: RoutedAddress) -> Text:
    """Give a routed address with all that is known of how far it has come."""
    node = routed.node or routed.former_node
    return Text.assemble(
        f"{routed.address} ", state_text(routed.phase), f" on {clean(node)}" if node else "", shown(routed.reason)
    )


def draining_words(entry: Draining) -> Text:
    """Give an address that was given up, and until when its connections go on."""
    until = f" (until {entry.until.astimezone(UTC):%H:%M:%S} UTC at most)" if entry.until else ""
    return Text.assemble(f"{entry.address} {entry.flows}: live connections go on", (until, "dim"))


def value_text(value: Json) -> str:
    """Give a metadata value: text as it is, the rest as JSON."""
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def metadata_field(metadata: Mapping[str, Json]) -> Text:
    """Give metadata on one line."""
    return plain_text(", ".join(f"{key}={value_text(value)}" for key, value in metadata.items()))


def interface_fields(it: Interface) -> Fields:
    """Give the page of an interface."""
    return [
        ("uuid", plain_text(it.uuid)),
        ("state", Text.assemble(state_text(it.state), shown(it.state_reason))),
        ("address", plain_text(it.ipv4)),
        ("floating", floating_words(it.floating)),
        *[("draining", draining_words(entry)) for entry in it.draining],
        ("mac", plain_text(it.macaddr)),
        ("model", plain_text(it.model)),
        ("order", plain_text(it.order)),
        ("instance", plain_text(it.instance_uuid)),
        ("network", plain_text(it.network_uuid)),
        ("node", plain_text(it.node)),
        *[("leaving", plain_text(f"{former.node} has not let go of it yet")) for former in it.former_nodes],
        ("namespace", plain_text(it.namespace)),
        ("metadata", metadata_field(it.metadata)),
        ("changed", Text.assemble(ago(it.update_time, now()), (f" (revision {it.revision})", "dim"))),
    ]


def instance_fields(it: Instance) -> Fields:
    """Give the page of an instance."""
    return [
        ("name", plain_text(it.name)),
        ("uuid", plain_text(it.uuid)),
        ("state", Text.assemble(state_text(it.state), shown(it.state_reason))),
        ("node", plain_text(it.node)),
        ("driver", plain_text(it.driver)),
        ("namespace", plain_text(it.namespace)),
        ("attributes", metadata_field(it.attributes)),
        ("metadata", metadata_field(it.metadata)),
        ("created", ago(it.create_time, now())),
        ("changed", Text.assemble(ago(it.update_time, now()), (f" (revision {it.revision})", "dim"))),
    ]


def network_fields(it: Network) -> Fields:
    """Give the page of a network."""
    gateways = ", ".join(f"{gateway.address} on {gateway.node}" for gateway in it.floating_gateways)
    return [
        ("name", plain_text(it.name)),
        ("uuid", plain_text(it.uuid)),
        ("state", Text.assemble(state_text(it.state), shown(it.state_reason))),
        ("netblock", plain_text(it.netblock)),
        ("vxid", plain_text(it.vxid)),
        ("dhcp, dns", Text.assemble(yes_no(it.provide_dhcp), ", ", yes_no(it.provide_dns))),
        ("nat", Text.assemble(yes_no(it.provide_nat), f" from {gateways}" if gateways else "")),
        *(("routed", routed_words(routed)) for routed in it.routed_addresses),
        ("namespace", plain_text(it.namespace)),
        ("metadata", metadata_field(it.metadata)),
        ("created", ago(it.create_time, now())),
        ("changed", Text.assemble(ago(it.update_time, now()), (f" (revision {it.revision})", "dim"))),
    ]


def routed_fields(it: RoutedAddress) -> Fields:
    """Give the page of a routed address."""
    return [
        ("address", plain_text(it.address)),
        ("phase", Text.assemble(state_text(it.phase), shown(it.reason))),
        ("node", plain_text(it.node)),
        ("pool", plain_text(it.pool)),
        ("asked for", ago(it.requested_time, now())),
        ("there", ago(it.active_time, now())),
    ]


def pool_fields(it: Pool, ascii_only: bool) -> Fields:
    """Give the page of a pool."""
    rests = Text.assemble("for ", duration_text(it.quarantine), " after its release")
    fields: Fields = [
        ("name", plain_text(it.name)),
        ("uuid", plain_text(it.uuid)),
        ("state", Text.assemble(pool_state(it), shown(it.warning))),
        ("ranges", plain_text(", ".join(it.ranges))),
    ]
    usage = it.usage
    if not usage.size:
        return [*fields, ("an address rests", rests)]
    low = f"below {it.low_percent} % of free addresses" if it.low_percent else "never"
    reserved = f"{usage.kept} for namespaces, {usage.reserved - usage.kept} by the blocks themselves"
    return [
        *fields,
        ("exclusions", plain_text(", ".join(it.exclusions))),
        ("in use", usage_bar(usage, ascii_only)),
        ("free", plain_text(usage.free)),
        ("resting", Text.assemble(f"{usage.quarantined}, each ", rests)),
        ("reserved", plain_text(reserved)),
        ("runs low", plain_text(low)),
        ("changed", Text.assemble(ago(it.update_time, now()), (f" (revision {it.revision})", "dim"))),
    ]


def node_fields(it: Node) -> Fields:
    """Give the page of a node."""
    return [
        ("name", plain_text(it.name)),
        ("state", node_state(it)),
        ("connected", yes_no(it.connected)),
        ("agent", plain_text(it.agent_version)),
        ("outside", plain_text(it.external_interface)),
        ("instances", plain_text(it.instances)),
        ("interfaces", plain_text(it.interfaces)),
        ("floats", plain_text(it.floats)),
        ("first seen", ago(it.create_time, now())),
        ("changed", ago(it.update_time, now())),
    ]
