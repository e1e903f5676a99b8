"""Objects that are read field by field say what each of them says by itself."""

import tracemalloc
from typing import Any

from buoy.v1 import interface_pb2, leaving_pb2
from buoy_server.codec.columns import Columns, picked, places_of
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.sampled_from(["", "web", "ÿ\0é", "\U0010ffff"])
NUMBERS = st.sampled_from([0, 1, 2**63 - 1])
FLOATING = st.none() | st.builds(interface_pb2.Floating, address=TEXTS, phase=st.integers(0, 4), announce_generation=NUMBERS)
FORMER_NODES = st.lists(st.builds(leaving_pb2.FormerNode, node=TEXTS, generation=NUMBERS), max_size=2)
INTERFACES = st.builds(
    interface_pb2.Interface,
    uuid=st.just("always there"),
    namespace=TEXTS,
    order=st.integers(0, 2**32 - 1),
    state=st.integers(0, 4),
    state_reason=TEXTS,
    floating=FLOATING,
    generation=NUMBERS,
    former_nodes=FORMER_NODES,
)
PLAIN = ("uuid", "namespace", "order", "state", "generation")
READ = Columns(interface_pb2.Interface, *PLAIN, "floating", "former_nodes")
UUIDS = Columns(interface_pb2.Interface, "uuid")
READ_FLOATING = Columns(interface_pb2.Floating, "address", "phase", "announce_generation")


@given(st.lists(INTERFACES, max_size=6))
def test_each_object_has_in_the_columns_what_it_has_itself(interfaces: list[Any]) -> None:
    *plain, floating, former = READ.read([interface.SerializeToString() for interface in interfaces])
    assert plain == [[getattr(interface, name) for interface in interfaces] for name in PLAIN]
    assert floating == [interface.floating.SerializeToString() for interface in interfaces]
    last = [interface.former_nodes[-1:] for interface in interfaces]
    assert former == [node.SerializeToString() for nodes in last for node in nodes or [leaving_pb2.FormerNode()]]
    assert READ_FLOATING.read(floating) == [
        [getattr(interface.floating, name) for interface in interfaces] for name in ("address", "phase", "announce_generation")
    ]


def test_of_large_objects_few_are_read_at_a_time() -> None:
    large = interface_pb2.Interface(uuid="here", state_reason="x" * 2**18).SerializeToString()
    tracemalloc.start()
    columns = UUIDS.read([large] * 40)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert columns == [["here"] * 40]
    assert most < 10 * len(large)


def test_columns_are_parted_by_value_in_their_order() -> None:
    places = places_of(["a", "b", "a"])
    assert places == {"a": [0, 2], "b": [1]}
    assert picked([["x", "y", "z"], [1, 2, 3]], places["a"]) == [["x", "z"], [1, 3]]
    assert picked([["x", "y", "z"]], [0, 1, 2]) == [["x", "y", "z"]]
