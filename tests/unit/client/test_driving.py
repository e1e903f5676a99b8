"""Coroutines that run without a loop."""

import asyncio
import inspect

import pytest
from buoy_client import BuoyClient
from buoy_client.driving import run
from buoy_client.operations import Operations
from buoy_client.transport.settings import SAFE_TO_REPEAT

ONCE = {"WatchInterface", "DeleteNamespace", "SetNamespaceKey"}


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


def test_creates_are_never_marked_as_safe_to_repeat() -> None:
    creates = [method for methods in SAFE_TO_REPEAT.values() for method in methods if method.startswith("Create")]
    assert creates == ["CreateToken"]


def test_calls_that_are_safe_to_repeat_exist() -> None:
    from buoy.v1 import instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2  # noqa: PLC0415  only this test

    files = (interface_pb2, instance_pb2, network_pb2, node_pb2, pool_pb2, namespace_pb2)
    known = {name: set(service.methods_by_name) for file in files for name, service in file.DESCRIPTOR.services_by_name.items()}
    for service, methods in SAFE_TO_REPEAT.items():
        assert set(methods) <= known[service]
        assert known[service] - set(methods) <= {f"Create{service.removesuffix('Service')}", *ONCE}


def test_a_blocking_call_shows_its_arguments_and_words() -> None:
    client = BuoyClient()
    assert list(inspect.signature(client.get_instance).parameters) == ["instance", "namespace"]
    assert client.get_instance.__doc__ == Operations.get_instance.__doc__
    client.close()
