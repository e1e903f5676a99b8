"""Conversions between protobuf and the SDK's objects."""

import json
import math
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from buoy.v1 import interface_pb2, node_pb2, pool_pb2
from buoy_client import InterfaceState, NodeState
from buoy_client.convert import interface_from_proto, node_from_proto, pool_from_proto
from buoy_client.record import Json
from buoy_client.values import duration_to_proto, json_from_value, json_to_value
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.client.objects import UUID, floating, interface

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_values_survive_the_way_there_and_back(value: Json) -> None:
    assert json_from_value(json_to_value(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", {"a": object()}])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a JSON value"):
        json_to_value(value)  # type: ignore[arg-type]


def test_whole_numbers_come_back_as_int() -> None:
    assert isinstance(json_from_value(json_to_value(3)), int)


def test_interface_without_anything_is_read() -> None:
    read = interface_from_proto(interface_pb2.Interface(uuid=UUID))
    assert (read.ipv4, read.floating, read.create_time, read.state) == (None, None, None, InterfaceState.UNKNOWN)


def test_a_state_from_a_newer_server_is_unknown() -> None:
    assert node_from_proto(node_pb2.Node(name="n", state=99)).state is NodeState.UNKNOWN  # type: ignore[arg-type]


def test_floating_and_times_are_typed() -> None:
    sent = interface_pb2.Interface(uuid=UUID)
    sent.floating.address, sent.floating.phase = "192.168.20.17", interface_pb2.FLOATING_PHASE_ACTIVE
    sent.update_time.FromDatetime(datetime(2026, 11, 23, 12, tzinfo=UTC))
    read = interface_from_proto(sent)
    assert read.floating is not None
    assert read.floating.address == IPv4Address("192.168.20.17")
    assert read.update_time == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_pool_durations() -> None:
    assert pool_from_proto(pool_pb2.Pool(quarantine=duration_to_proto(1.5))).quarantine == timedelta(seconds=1.5)


def test_to_dict_is_json_ready_with_snake_case_keys() -> None:
    plain = interface(floating()).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["ipv4"] == "10.0.0.6"
    assert plain["update_time"] == "2026-11-23T12:00:00Z"
    assert plain["floating"] == {
        "address": "192.168.20.17",
        "pool": "p",
        "phase": "active",
        "reason": "",
        "requested_time": "2026-11-23T12:00:00Z",
        "active_time": "2026-11-23T12:00:00.004000Z",
        "generation": 1,
        "observed_generation": 1,
        "held_by": "",
    }
