"""Tokens of pages and the order of lists, over whatever comes."""

import base64
from datetime import UTC, datetime
from ipaddress import IPv4Network
from uuid import UUID

import pytest
from buoy.v1 import interface_pb2
from buoy_server.core.errors import ClusterChanged, Malformed
from buoy_server.core.model import Network, NetworkId
from buoy_server.core.state import Cause, Entry, Kind
from buoy_server.feed.view import View
from buoy_server.rpc import page_token, paging
from buoy_server.rpc.page_token import Position
from hypothesis import given
from hypothesis import strategies as st

CLUSTER = "6f1b7c1e-95cd-4a0e-9d3c-0c9b0f6c8a11"
QUERY = interface_pb2.ListInterfacesRequest(node="n1")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@given(revision=st.integers(0, (1 << 63) - 1), after=st.text())
def test_a_token_gives_back_its_position(revision: int, after: str) -> None:
    position = Position(revision, after.encode(errors="replace").decode())
    assert page_token.read(page_token.write(position, CLUSTER, QUERY), CLUSTER, QUERY) == position


@given(token=st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_is_no_token_is_malformed(token: str) -> None:
    with pytest.raises(Malformed) as refused:
        page_token.read(token, CLUSTER, QUERY)
    assert refused.value.field == "page_token"


@given(after=st.text(alphabet="0123456789abcdef-", max_size=40), bit=st.integers(0, 1 << 16))
def test_a_token_with_one_bit_changed_is_malformed(after: str, bit: int) -> None:
    token = bytearray(page_token.write(Position(7, after), CLUSTER, QUERY).encode())
    bit %= 8 * len(token)
    token[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed):
        page_token.read(token.decode("latin-1"), CLUSTER, QUERY)


@given(cluster=st.uuids())
def test_a_token_of_another_cluster_says_so(cluster: UUID) -> None:
    with pytest.raises(ClusterChanged):
        page_token.read(page_token.write(Position(7, "x"), str(cluster), QUERY), CLUSTER, QUERY)


def test_a_token_is_small() -> None:
    assert len(page_token.write(Position(1 << 62, CLUSTER), CLUSTER, QUERY)) <= 96


KEYS = st.text(alphabet="abcdef", min_size=1, max_size=3)


@given(changes=st.lists(st.tuples(KEYS, st.booleans())), chosen=st.sets(KEYS), after=st.text("abcdef", max_size=3))
def test_a_list_is_in_order_however_its_keys_came_about(changes: list[tuple[str, bool]], chosen: set[str], after: str) -> None:
    view, kept = View(), dict[str, Network]()
    for revision, (key, there) in enumerate(changes, start=1):
        before, network = kept.pop(key, None), _network(key) if there else None
        if before or network:
            view.apply(Entry(revision, Kind.NETWORK, key, before, network, Cause("", ""), NOW), b"body" if network else None)
        if network:
            kept[key] = network
    every = view.keys(Kind.NETWORK)
    assert list(view.keys_after(Kind.NETWORK, after)) == sorted(key for key in kept if key > after)
    for keys in (every, chosen & set(every)):
        expected = sorted(key for key in keys if key > after)
        assert list(paging.smallest_first(keys, after)) == expected
        assert list(paging.in_order(view, Kind.NETWORK, keys, after)) == expected


def test_many_keys_are_met_on_a_walk_in_order() -> None:
    view, keys = View(), [f"{index:04d}" for index in range(3000)]
    for revision, key in enumerate(reversed(keys), start=1):
        view.apply(Entry(revision, Kind.NETWORK, key, None, _network(key), Cause("", ""), NOW), b"body")
    for chosen in (set(keys), view.keys(Kind.NETWORK), view.find(Kind.NETWORK, "namespace", "n")):
        assert list(paging.in_order(view, Kind.NETWORK, chosen, "2000")) == keys[2001:]


def _network(key: str) -> Network:
    return Network(uuid=NetworkId(key), namespace="n", name=key, netblock=IPv4Network("10.0.0.0/24"), metadata={})
