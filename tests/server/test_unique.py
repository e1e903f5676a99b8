"""The last line: what a server decides on a view that is behind, the tables refuse, whatever the rules said."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from random import Random
from typing import Any

import pytest
from buoy_server.core.command import Command
from buoy_server.core.commands.floating import FloatInterface
from buoy_server.core.commands.instances import CreateInstance
from buoy_server.core.commands.networks import CreateNetwork
from buoy_server.core.commands.nodes import AnnounceNode
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.commands.pools import CreatePool
from buoy_server.core.commands.reserving import ReserveAddress
from buoy_server.core.errors import StorageUnavailable
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Driver
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Cause, Kind
from buoy_server.feed.batch import Batch, Waiting
from buoy_server.feed.entry import Committed
from buoy_server.feed.view import View
from buoy_server.storage.database import open_database
from buoy_server.storage.store import SqlStore

pytestmark = pytest.mark.anyio

SYSTEM = Caller("system")
MAC = "02:00:00:00:00:09"
FLOATING = IPv4Address("192.0.2.7")


class Decider:
    """A server as far as the store can tell: a view that is as new as when it was loaded, and the store."""

    def __init__(self, store: SqlStore, seed: int) -> None:
        self.store = store
        self.random = Random(seed)
        self.view = View()
        self.view.load(store)

    def decide(self, command: Command[Any]) -> list[Committed]:
        """Return the entries of a command, as this view has it."""
        batch = Batch(self.view, datetime.now(UTC), self.random)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        batch.decide(Waiting(command, SYSTEM, Cause("Test", "system"), lambda result: result, None, future))
        ((_, outcome),) = batch.outcomes
        assert not isinstance(outcome, Exception), outcome
        return batch.entries

    def commit(self, command: Command[Any]) -> None:
        """Decide and write; the view does not hear of it."""
        self.store.append(self.decide(command))


@contextmanager
def _two(path: Path) -> Iterator[tuple[Decider, Decider]]:
    """Two of them on one database that has a pool, a network, a node, and two instances with an interface each."""
    database = open_database(f"sqlite:///{path}")
    try:
        furniture: list[Command[Any]] = [
            _pool("public", "192.0.2.0/24"),
            CreateNetwork(name="net", namespace="", netblock=IPv4Network("10.0.0.0/24"), provide_nat=False),
            AnnounceNode(name="n1", agent_version="1", external_interface="eth0"),
            _instance("a"),
            _instance("b"),
        ]
        for seed, command in enumerate(furniture):
            Decider(database.store, seed).commit(command)
        yield Decider(database.store, 11), Decider(database.store, 12)
    finally:
        database.close()


def _pool(name: str, range_: str) -> CreatePool:
    return CreatePool(name=name, ranges=(AddressRange.parse(range_),), exclusions=(), quarantine=timedelta(seconds=300))


def _instance(name: str, **spec: Any) -> CreateInstance:
    specs = (InterfaceSpec(network_ref="net", **spec),)
    return CreateInstance(name=name, namespace="", node="n1", driver=Driver.NETNS, interfaces=specs)


def _float(decider: Decider, place: int) -> FloatInterface:
    return FloatInterface(interface_uuid=sorted(decider.view.keys(Kind.INTERFACE))[place], address=FLOATING)


CLASHES: dict[str, tuple[Callable[[Decider], Command[Any]], Callable[[Decider], Command[Any]], set[Kind]]] = {
    "a floating address, by its record": (lambda one: _float(one, 0), lambda two: _float(two, 1), {Kind.RESERVATION}),
    "a floating address, by its interface": (lambda one: _float(one, 0), lambda two: _float(two, 1), {Kind.INTERFACE}),
    "a floating address that another reserved": (
        lambda _: ReserveAddress(namespace="", address=FLOATING),
        lambda two: _float(two, 1),
        {Kind.RESERVATION},
    ),
    "a fixed address": (
        lambda _: _instance("x", address=IPv4Address("10.0.0.9")),
        lambda _: _instance("y", address=IPv4Address("10.0.0.9")),
        {Kind.RESERVATION},
    ),
    "a MAC address": (lambda _: _instance("x", macaddr=MAC), lambda _: _instance("y", macaddr=MAC), {Kind.INTERFACE}),
    "an instance's name": (lambda _: _instance("x"), lambda _: _instance("x"), {Kind.INSTANCE}),
    "a pool's name": (lambda _: _pool("new", "198.51.100.0/24"), lambda _: _pool("new", "203.0.113.0/24"), {Kind.POOL}),
}


@pytest.mark.parametrize("clash", CLASHES)
async def test_what_was_taken_behind_the_views_back_is_refused_by_its_table(tmp_path: Path, clash: str) -> None:
    first, second, kinds = CLASHES[clash]
    with _two(tmp_path / "buoy.db") as (one, two):
        one.commit(first(one))
        head = one.store.head()
        late = [
            replace(entry, revision=head + number, transaction=head + number)
            for number, entry in enumerate((entry for entry in two.decide(second(two)) if entry.kind in kinds), start=1)
        ]
        assert late
        with pytest.raises(StorageUnavailable, match="another change came first"):
            two.store.append(late)
        assert one.store.head() == head


async def test_two_that_decide_at_the_same_revision_do_not_both_write(tmp_path: Path) -> None:
    with _two(tmp_path / "buoy.db") as (one, two):
        mine, theirs = one.decide(_pool("x", "198.51.100.0/24")), two.decide(_pool("y", "203.0.113.0/24"))
        one.store.append(mine)
        head = one.store.head()
        with pytest.raises(StorageUnavailable, match="another change came first"):
            two.store.append(theirs)
        assert one.store.head() == head
