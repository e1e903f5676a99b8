"""A view that is loaded asks its rows once for objects that are alike: none of those may differ in what a row reads."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address
from itertools import count
from typing import Any

import pytest
from buoy_server.codec.packing import pack, unpack
from buoy_server.core.model import (
    AnyRecord,
    Floating,
    FormerNode,
    Instance,
    InstanceId,
    Interface,
    InterfaceId,
    NetworkId,
    PoolId,
    Promise,
    Reservation,
    ReservationType,
)
from buoy_server.core.state import KIND_OF
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState
from buoy_server.feed import filling
from buoy_server.feed.view import View

from tests.unit.server.test_view import Model, Stored, same
from tests.unit.server.world import START

CHUNK = 3
A = IPv4Address("1.0.0.0")
POOL, NETWORK = PoolId("pool"), NetworkId("network")
FLOATS = [
    Floating(address=A, pool=POOL, phase=phase, requested_time=START, generation=generation)
    for phase in FloatingPhase
    for generation in (1, 2)
]
INTERFACE = Interface(
    uuid=InterfaceId(""),
    namespace="a",
    instance_uuid=InstanceId(""),
    network_uuid=NETWORK,
    node="n1",
    macaddr="",
    ipv4=A,
    order=0,
    state=InterfaceState.CREATED,
    floating=None,
    metadata={},
    generation=2,
    observed_generation=2,
    update_time=START,
)
INSTANCE = Instance(
    uuid=InstanceId(""), namespace="a", name="", node="n1", state=InstanceState.CREATED, metadata={}, update_time=START
)
FIXED = Reservation(
    address=A, type=ReservationType.INSTANCE, owner="somebody", since=START, namespace="a", network_uuid=NETWORK
)
FLOATING = replace(FIXED, type=ReservationType.FLOATING, network_uuid=None, pool=POOL)
HOLDING: Mapping[str, list[Any]] = {
    "namespace": ["b", ""],
    "owner": ["", POOL],
    "pool": [None, "another pool"],
    "network_uuid": [None, "another network"],
    "type": list(ReservationType),
    "until": [START + timedelta(minutes=1)],
    "kept": [True],
    "promise": [Promise(interface=InterfaceId("another"), actor="system")],
    "address": [A + (1 << bits) for bits in range(4, 24)],
}
# What may differ in one object from the next, one thing at a time.
DIFFERENT: Mapping[str, tuple[AnyRecord, Mapping[str, list[Any]]]] = {
    "interfaces": (
        INTERFACE,
        {
            "namespace": ["b"],
            "network_uuid": ["another network"],
            "node": ["n2"],
            "state": list(InterfaceState),
            "floating": FLOATS,
            "former_nodes": [(FormerNode(node=node, generation=1, revision=1),) for node in ("n1", "n2", "n3")],
            "observed_generation": [1],
        },
    ),
    "deleted interfaces": (
        replace(INTERFACE, state=InterfaceState.DELETED),
        {
            "observed_generation": [1],
            "floating": FLOATS,
            "update_time": [START + timedelta(minutes=1)],
            "former_nodes": [(FormerNode(node="n2", generation=1, revision=1),)],
        },
    ),
    "instances": (INSTANCE, {"namespace": ["b"], "node": ["n2"], "state": list(InstanceState)}),
    "deleted instances": (
        replace(INSTANCE, state=InstanceState.DELETED),
        {"update_time": [START + timedelta(minutes=1)], "namespace": ["b"], "node": ["n2"]},
    ),
    "fixed addresses": (FIXED, HOLDING),
    "kept fixed addresses": (replace(FIXED, kept=True), HOLDING),
    "floating addresses": (FLOATING, HOLDING),
    "kept floating addresses": (replace(FLOATING, kept=True), HOLDING),
    "resting addresses": (
        replace(FLOATING, type=ReservationType.DELETION_HALO, until=START),
        {"until": [START + timedelta(minutes=1)], "since": [START + timedelta(minutes=1)], "extended": [True], **HOLDING},
    ),
}


def _objects(base: AnyRecord, different: Mapping[str, list[Any]]) -> Iterator[AnyRecord]:
    """Chunks in which one stands among others and the others stand around one."""
    numbers = count()
    for name, values in different.items():
        for value in values:
            variant = replace(base, **{name: value})
            for record in (base, variant, base, variant, base, base):
                yield _with_its_own(record, *divmod(next(numbers), CHUNK))


def _with_its_own(record: AnyRecord, chunk: int, place: int) -> AnyRecord:
    """An object with what no other shares with it, and what a few do; addresses are of a block a chunk."""
    number = chunk * CHUNK + place
    match record:
        case Interface():
            macaddr, instance = f"02:00:00:00:00:{number % 50:02x}", InstanceId(f"instance{chunk // 2}")
            return replace(record, uuid=InterfaceId(f"i{number}"), instance_uuid=instance, macaddr=macaddr)
        case Instance():
            return replace(record, uuid=InstanceId(f"i{number}"), name=f"name{number // 2}")
        case Reservation():
            owner = record.owner if record.owner in ("", POOL) else f"{record.owner}{chunk // 2}"
            return replace(record, address=record.address + (chunk << 24) + place, owner=owner)
    raise TypeError(f"nothing is known of {record}")


@pytest.mark.parametrize("chunk", [CHUNK, filling.CHUNK])
@pytest.mark.parametrize("what", DIFFERENT)
def test_objects_that_differ_in_one_thing_are_loaded_as_the_rows_say(
    what: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "CHUNK", chunk)
    model = Model()
    for record in _objects(*DIFFERENT[what]):
        kind = KIND_OF[type(record)]
        model.objects[kind][record.key] = unpack(kind, pack(record))
    view = View()
    view.load(Stored(model, 1))
    same(view, model)
