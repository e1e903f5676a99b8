"""The view against a plain model: dictionaries of whole objects, searched from end to end."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

from buoy_server.codec.packing import pack, unpack
from buoy_server.core.model import (
    AnyRecord,
    Floating,
    FormerNode,
    Instance,
    InstanceId,
    Interface,
    InterfaceId,
    Namespace,
    NetworkId,
    PoolId,
    Promise,
    Reservation,
    ReservationType,
)
from buoy_server.core.state import COUNTS, INDEXES, KIND_OF, Cause, Draft, Kind
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState
from buoy_server.feed.index import FEW, Counts, Index, keys_after
from buoy_server.feed.view import KEPT_IN_ORDER, View
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.soak import ROUNDS
from tests.unit.server.world import START

NAMES = st.sampled_from(["a", "b"])
ADDRESSES = st.sampled_from([IPv4Address(f"192.0.2.{index}") for index in range(3)])
MOMENTS = st.integers(0, 60).map(lambda seconds: START + timedelta(seconds=seconds))
FLOATING = st.builds(
    Floating,
    address=ADDRESSES,
    pool=NAMES.map(PoolId),
    phase=st.sampled_from(FloatingPhase),
    requested_time=MOMENTS,
    generation=st.integers(1, 2),
)
INTERFACES = st.builds(
    Interface,
    uuid=st.sampled_from([InterfaceId(f"i{number}") for number in range(6)]),
    namespace=NAMES,
    instance_uuid=NAMES.map(InstanceId),
    network_uuid=NAMES.map(NetworkId),
    node=NAMES,
    macaddr=st.sampled_from(["02:00:00:00:00:01", "02:00:00:00:00:02"]),
    ipv4=ADDRESSES,
    order=st.just(0),
    state=st.sampled_from(InterfaceState),
    floating=st.none() | FLOATING,
    metadata=st.just({}),
    generation=st.integers(1, 2),
    observed_generation=st.integers(0, 2),
    former_nodes=st.just(()) | NAMES.map(lambda node: (FormerNode(node=node, generation=1, revision=1),)),
)
INSTANCES = st.builds(
    Instance,
    uuid=NAMES.map(InstanceId),
    namespace=NAMES,
    name=NAMES,
    node=NAMES,
    state=st.sampled_from(InstanceState),
    metadata=st.just({}),
)
RESERVATIONS = st.builds(
    Reservation,
    address=ADDRESSES,
    type=st.sampled_from(ReservationType),
    owner=NAMES,
    since=MOMENTS,
    namespace=st.just("") | NAMES,
    pool=st.none() | NAMES.map(PoolId),
    network_uuid=st.none() | NAMES.map(NetworkId),
    until=st.none() | MOMENTS,
    kept=st.booleans(),
    extended=st.booleans(),
    promise=st.none() | NAMES.map(lambda name: Promise(interface=InterfaceId(name), actor="system")),
)
NAMESPACES = st.builds(Namespace, name=NAMES, trusts=st.lists(NAMES, unique=True).map(tuple))
CHANGES = st.lists(
    st.tuples(st.one_of(INTERFACES, INSTANCES, RESERVATIONS, NAMESPACES), st.booleans(), st.integers(0, 9)), max_size=15
)


@dataclass
class Model:
    """Every object, and what the rows of the indexes say of it, asked again each time."""

    objects: dict[Kind, dict[str, AnyRecord]] = field(default_factory=lambda: {kind: {} for kind in Kind})

    def standing(self, kind: Kind, row: Any) -> dict[Hashable, set[str]]:
        """The keys under each value of a row."""
        found: dict[Hashable, set[str]] = {}
        for key, record in self.objects[kind].items():
            value = row(record)
            for each in value if isinstance(value, frozenset) else () if value is None else (value,):
                found.setdefault(each, set()).add(key)
        return found


@dataclass
class Stored:
    """What a store would give to a view that starts."""

    model: Model
    revision: int

    def load(self, kind: Kind) -> Iterable[tuple[str, bytes]]:
        """The objects of a kind."""
        return [(key, pack(record)) for key, record in self.model.objects[kind].items()]

    def head(self) -> int:
        """The last revision."""
        return self.revision


def same(view: View, model: Model) -> None:
    """Asserts that both have the same objects, under the same values."""
    for kind in Kind:
        assert {key: view.get(kind, key) for key in view.keys(kind)} == model.objects[kind]
        assert kind not in KEPT_IN_ORDER or list(view.keys_after(kind, "")) == sorted(model.objects[kind])
        for name, row in INDEXES[kind].items():
            expected = model.standing(kind, row)
            assert set(view.values(kind, name)) == expected.keys()
            for value, keys in expected.items():
                assert sorted(view.find(kind, name, value)) == sorted(keys)
                assert view.count(kind, name, value) == len(keys)
        for name, row in COUNTS[kind].items():
            expected = model.standing(kind, row)
            assert all(view.count(kind, name, value) == len(keys) for value, keys in expected.items())
            assert view.count(kind, name, "nothing") == 0


def _change(view: View, model: Model, record: AnyRecord, later: int, *, forget: bool) -> None:
    draft = Draft(view, Cause("Test", "system"), START + timedelta(seconds=later))
    kind = KIND_OF[type(record)]
    if forget and (held := draft.get(kind, record.key)) is not None:
        draft.forget(held)
        del model.objects[kind][record.key]
    elif not forget:
        model.objects[kind][record.key] = unpack(kind, pack(draft.put(record)))  # type: ignore[type-var]
    for entry in draft.entries:
        view.apply(entry, pack(entry.after) if entry.after else None)


@settings(max_examples=50 * ROUNDS)
@given(before=CHANGES, after=CHANGES)
def test_a_view_answers_like_the_model_also_when_it_was_loaded_in_between(before: list[Any], after: list[Any]) -> None:
    view, model = View(), Model()
    for record, forget, later in before:
        _change(view, model, record, later, forget=forget)
    same(view, model)
    loaded = View()
    loaded.load(Stored(model, view.revision))
    assert loaded.revision == view.revision
    same(loaded, model)
    for record, forget, later in after:
        _change(loaded, model, record, later, forget=forget)
    same(loaded, model)


MANY = st.lists(st.tuples(st.booleans(), st.sampled_from("xy"), st.integers(0, 3 * FEW)), max_size=6 * FEW)


@given(changes=MANY, last=st.integers(0, 3 * FEW))
def test_an_index_holds_one_key_a_few_and_many_alike(changes: list[tuple[bool, str, int]], last: int) -> None:
    index, model = Index(), dict[str, set[str]]()
    for entering, value, number in changes:
        key, keys = f"{number:03}", model.setdefault(value, set())
        if entering and key not in keys:
            index.add(value, key)
            keys.add(key)
        elif not entering and key in keys:
            index.remove(value, key)
            keys.remove(key)
    assert set(index.values()) == {value for value, keys in model.items() if keys}
    for value, keys in model.items():
        found = index.find(value)
        assert (sorted(found), len(found)) == (sorted(keys), len(keys))
        assert all(key in found for key in keys)
        assert len(found) <= FEW or list(keys_after(found, f"{last:03}")) == sorted(k for k in keys if k > f"{last:03}")


@given(sizes=st.lists(st.sampled_from([1, 2, FEW, FEW + 1, 3 * FEW]), min_size=1, max_size=6), step=st.sampled_from([1, 2, 40]))
def test_what_was_gathered_is_found_and_can_be_added_to(sizes: list[int], step: int) -> None:
    index, counts, keys = Index(), Counts(), dict[Hashable, list[str]]()
    for value, size in enumerate(sizes):
        keys[value], keys["all", value % 2] = [f"{value}-{number:03}" for number in reversed(range(size))], []
    for value, size in enumerate(sizes):
        for start in range(0, size, step):
            some = keys[value][start : start + step]
            for place in (index, counts):
                place.gather(value, some, {})
                place.gather_each([("all", value % 2)] * len(some), some, {})
            keys["all", value % 2] += some
    index.settle()
    for at, gathered in keys.items():
        assert sorted(index.find(at)) == sorted(gathered)
        assert counts.count(at) == len(gathered)
        index.add(at, "new")
        counts.add(at, "new")
        assert sorted(index.find(at)) == sorted([*gathered, "new"])
        assert counts.count(at) == len(gathered) + 1
