"""Pools while they are in use: what may change, what is told of it, and who gets what rests."""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.namespaces import DeleteNamespace, SetNamespacePool
from buoy_server.core.commands.networks import DeleteNetwork
from buoy_server.core.commands.pools import DeletePool, UpdatePool
from buoy_server.core.commands.quarantine import ExtendQuarantine, LiftQuarantine
from buoy_server.core.deciding import decide
from buoy_server.core.events import event_of
from buoy_server.core.model import Interface, Pool, ReservationType
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Cause, Draft

from tests.unit.server.world import SYSTEM, World

SEVEN, EIGHT = IPv4Address("192.0.2.7"), IPv4Address("192.0.2.8")


def _world(*ranges: str, count: int = 2) -> tuple[World, list[Interface]]:
    """A pool, and interfaces that are there."""
    world = World()
    world.pool("one", *ranges)
    world.network()
    world.node()
    interfaces = [world.interface(world.instance(f"i{number}")) for number in range(count)]
    for interface in interfaces:
        world.report(interface)
    return world, interfaces


def _update(world: World, **given: object) -> Pool:
    for name in ("ranges", "exclusions"):
        if name in given:
            given[name] = tuple(AddressRange.parse(text) for text in given[name])  # type: ignore[attr-defined]
    return world.run(UpdatePool(pool_ref="one", **given))[0]  # type: ignore[arg-type]


def _float(world: World, interface: Interface, address: IPv4Address | None = None, pool: str = "") -> IPv4Address:
    floated = world.run(FloatInterface(interface_uuid=interface.uuid, address=address, pool_ref=pool))
    world.report(interface)
    assert floated.floating is not None
    return floated.floating.address


def _defloat(world: World, interface: Interface) -> None:
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    world.report(interface)


def _told(world: World, since: int) -> list[str]:
    """Return what the entries after a revision say of the pool."""
    uuid = lookup.pool(world.draft, "one").uuid
    events = [(entry, event_of(entry)) for entry in world.draft.entries if entry.revision > since]
    return [event.message for entry, event in events if event and (event.about or entry.key) == uuid]


def test_a_pool_grows_and_shrinks_around_what_is_in_use() -> None:
    world, (first, _) = _world("192.0.2.0/29")
    _float(world, first, IPv4Address("192.0.2.3"))
    pool = _update(world, ranges=["192.0.2.2-192.0.2.5", "198.51.100.0/30"])
    assert levels.usage(world.draft, pool) == {"size": 8, "free": 4, "in_use": 1, "reserved": 3, "quarantined": 0, "kept": 0}
    with pytest.raises(errors.PoolInUse, match=f"which interface {first.uuid} of namespace system has, is outside"):
        _update(world, ranges=["198.51.100.0/30"])
    with pytest.raises(errors.PoolInUse, match=r"192\.0\.2\.3, .* would be the broadcast address"):
        _update(world, ranges=["192.0.2.0/30"])
    _defloat(world, first)
    pool = _update(world, ranges=["198.51.100.0/30"])
    assert levels.usage(world.draft, pool)["free"] == 1
    assert addresses.record_of(world.draft, None, IPv4Address("192.0.2.3")) is None


def test_a_pool_that_somebody_else_changed_is_not_changed() -> None:
    world, _ = _world("192.0.2.7-192.0.2.8")
    revision = lookup.pool(world.draft, "one").revision
    changed = _update(world, quarantine=timedelta(seconds=9), if_revision=revision)
    with pytest.raises(errors.RevisionChanged):
        _update(world, drain=True, if_revision=revision)
    assert _update(world, quarantine=timedelta(seconds=9), if_revision=changed.revision) == changed


def test_a_pool_is_said_to_run_low_once_and_again_after_it_had_room() -> None:
    world, interfaces = _world("192.0.2.1-192.0.2.10", count=9)
    _update(world, low_percent=20)
    since = world.draft.revision
    for interface in interfaces:
        _float(world, interface)
    assert [words.partition(":")[0] for words in _told(world, since)] == ["runs low"]
    since = world.draft.revision
    for interface in interfaces[:3]:
        _defloat(world, interface)
    world.later(seconds=400)
    world.run(ExpireQuarantine())
    assert _told(world, since) == ["has room again"]
    for interface in interfaces[:3]:
        _float(world, interface)
    assert [words.partition(":")[0] for words in _told(world, since)] == ["has room again", "runs low"]


def test_a_pool_that_drains_keeps_what_is_there_and_hands_out_nothing() -> None:
    world, (first, second) = _world("192.0.2.7-192.0.2.8")
    _float(world, first, SEVEN)
    _update(world, drain=True)
    for address in (None, EIGHT):
        with pytest.raises(errors.PoolDraining):
            _float(world, second, address, "one")
    world.run(DefloatInterface(interface_uuid=first.uuid))
    assert _float(world, first) == SEVEN, "its node had not let go of it yet"
    _defloat(world, first)
    with pytest.raises(errors.PoolDraining):
        _float(world, first, SEVEN)
    world.pool("two", "198.51.100.1")
    assert _float(world, first) == IPv4Address("198.51.100.1"), "the oldest that does not drain"


def test_a_namespace_floats_from_its_own_pool() -> None:
    world, (first, second) = _world("192.0.2.7")
    world.pool("two", "198.51.100.1")
    world.run(SetNamespacePool(namespace="system", pool_ref="two"))
    assert _float(world, first) == IPv4Address("198.51.100.1")
    with pytest.raises(errors.PoolExhausted):
        _float(world, second)
    assert _float(world, second, pool="one") == SEVEN
    _defloat(world, first)
    with pytest.raises(errors.PoolInUse, match="is the pool of namespace system"):
        world.run(DeletePool(pool_ref="two"))
    world.run(SetNamespacePool(namespace="system", pool_ref=""))
    world.run(DeletePool(pool_ref="two"))


def test_under_pressure_the_address_that_rested_longest_is_handed_out_and_that_is_told() -> None:
    world, (first, second) = _world("192.0.2.7-192.0.2.8")
    _float(world, first, SEVEN)
    _float(world, second, EIGHT)
    _defloat(world, second)
    world.later(seconds=20)
    _defloat(world, first)
    world.later(seconds=12)
    since = world.draft.revision
    third = world.interface(world.instance("third"))
    assert _float(world, third) == EIGHT
    (words,) = [words for words in _told(world, since) if "handed out" in words]
    assert (
        words == f"192.0.2.8, last of {second.uuid} (system, defloated), is handed out again after 32 s: nothing else was free"
    )


def test_an_extended_rest_is_not_cut_short_and_a_lifted_one_is_over() -> None:
    world, (first, second) = _world("192.0.2.7")
    _float(world, first)
    _defloat(world, first)
    extended = world.run(ExtendQuarantine(address=SEVEN, duration=timedelta(hours=1)))
    assert extended.until == world.draft.now + timedelta(hours=1)
    world.later(seconds=3000)
    world.run(ExpireQuarantine())
    with pytest.raises(errors.PoolExhausted):
        _float(world, second)
    assert world.run(LiftQuarantine(address=SEVEN)).type is ReservationType.DELETION_HALO
    assert _float(world, second) == SEVEN
    with pytest.raises(errors.NotResting):
        world.run(LiftQuarantine(address=SEVEN))


def test_who_had_an_address_last_is_the_namespace_but_not_another_one_of_its_name() -> None:
    world, _ = _world("192.0.2.7", count=0)
    for round_ in range(2):
        world.network("net", namespace="red")
        interface = world.interface(world.instance(f"r{round_}", namespace="red"))
        world.report(interface)
        if round_:
            with pytest.raises(errors.AddressInUse, match="rests until"):
                _float(world, interface, SEVEN)
            break
        _float(world, interface, SEVEN)
        _defloat(world, interface)
        again = world.interface(world.instance("again", namespace="red"))
        world.report(again)
        assert _float(world, again, SEVEN) == SEVEN
        _clear(world)


def _clear(world: World) -> None:
    """Delete all that is namespace red's, and red."""
    for name in ("r0", "again"):
        instance = lookup.instance(world.draft, SYSTEM, name, "red")
        interfaces = lookup.live_interfaces(world.draft, instance)
        world.run(DeleteInstance(instance_ref=instance.uuid, namespace="red"))
        for interface in interfaces:
            world.report(interface, removed=True)
    world.run(DeleteNetwork(network_ref="net", namespace="red"))
    world.run(DeleteNamespace(name="red"))


def test_the_record_of_an_address_names_the_request_that_took_it() -> None:
    world, (first, _) = _world("192.0.2.7")
    draft = Draft(world.draft, Cause("FloatInterface", "system", "0f0e0d0c-0000-4000-8000-000000000000"), world.draft.now)
    decide(FloatInterface(interface_uuid=first.uuid), draft, Context(SYSTEM, world.random))
    record = addresses.record_of(draft, None, SEVEN)
    assert record is not None
    assert record.request_id == draft.cause.request_id
