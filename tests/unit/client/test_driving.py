"""Coroutines that run without a loop."""

import asyncio
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from buoy.v1 import admin_pb2, instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2
from buoy_client import BuoyClient
from buoy_client.driving import run
from buoy_client.operations import Operations
from google.protobuf.descriptor import MethodDescriptor

FILES = (admin_pb2, interface_pb2, instance_pb2, network_pb2, node_pb2, pool_pb2, namespace_pb2)


def methods_of(file: ModuleType) -> Iterator[MethodDescriptor]:
    """All methods of a file's services."""
    for service in file.DESCRIPTOR.services_by_name.values():
        yield from service.methods


def test_run_gives_the_result() -> None:
    async def answer() -> int:
        return 42

    assert run(answer()) == 42


def test_run_refuses_a_coroutine_that_suspends() -> None:
    with pytest.raises(RuntimeError, match="suspended"):
        run(asyncio.sleep(0))


def test_the_blocking_client_has_every_call() -> None:
    calls = {name for name in dir(Operations) if not name.startswith("_")} - {"target", "follow_interfaces"}
    assert {name for name in calls if not hasattr(BuoyClient, name)} == set()


def test_all_calls_are_safe_to_repeat() -> None:
    requests = {method.name: method.input_type.fields_by_name for file in FILES for method in methods_of(file)}
    unsafe = {name for name, fields in requests.items() if not {"request_id", "min_revision"} & set(fields)}
    # grpc does not repeat the first; the others change nothing
    assert unsafe == {"WatchInterface", "CreateToken", "GetServer", "CheckLedger"}


def test_a_blocking_call_shows_its_arguments_and_words() -> None:
    client = BuoyClient()
    assert list(inspect.signature(client.get_instance).parameters) == ["instance", "namespace"]
    assert client.get_instance.__doc__ == Operations.get_instance.__doc__
    client.close()
