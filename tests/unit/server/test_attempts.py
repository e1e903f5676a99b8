"""What makes two calls the same attempt: who calls, the id, the RPC, and all that is asked for but secrets."""

from typing import Any

import pytest
from buoy.v1 import instance_pb2, namespace_pb2, network_pb2
from buoy_server.core.errors import Malformed
from buoy_server.core.lookup import Caller
from buoy_server.feed.answers import Attempt
from buoy_server.rpc.attempts import attempt_of
from google.protobuf.struct_pb2 import Value

ID = "b1981e81-b37a-4176-ba37-b61bc7208012"
RED = Caller("red", since={"red": 7})


def _attempt(request: Any, caller: Caller = RED) -> Attempt:
    found = attempt_of(request, caller)
    assert found is not None
    return found


def test_a_call_without_an_id_is_no_attempt() -> None:
    assert attempt_of(network_pb2.CreateNetworkRequest(name="net"), RED) is None


@pytest.mark.parametrize("text", ["1", "net", ID[:-1], f"{{{ID}}}", ID.replace("-", "")])
def test_an_id_is_a_uuid(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        attempt_of(network_pb2.CreateNetworkRequest(name="net", request_id=text), RED)
    assert refused.value.field == "request_id"


def test_the_same_request_is_the_same_attempt_however_it_is_written() -> None:
    keys = [f"k{index}" for index in range(50)]
    one, other = (
        instance_pb2.CreateInstanceRequest(metadata={key: Value(string_value=key) for key in order}, request_id=request_id)
        for order, request_id in ((keys, ID), (keys[::-1], ID.upper()))
    )
    assert _attempt(one) == _attempt(other)


def test_another_caller_or_another_namespace_of_that_name_is_another_attempt() -> None:
    request = network_pb2.CreateNetworkRequest(name="net", request_id=ID)
    callers = (RED, Caller("blue"), Caller("red", since={"red": 8}), Caller("system"))
    assert len({_attempt(request, caller).key for caller in callers}) == len(callers)


def test_another_rpc_with_the_same_bytes_is_another_request() -> None:
    one = namespace_pb2.CreateNamespaceRequest(name="red", request_id=ID)
    other = namespace_pb2.DeleteNamespaceRequest(namespace="red", request_id=ID)
    assert one.SerializeToString() == other.SerializeToString()
    assert _attempt(one).request != _attempt(other).request


def test_a_secret_is_in_no_digest_and_stays_in_its_request() -> None:
    fields: dict[str, Any] = {"key_name": "k", "request_id": ID}
    one = namespace_pb2.SetNamespaceKeyRequest(key="one secret", **fields)
    other = namespace_pb2.SetNamespaceKeyRequest(key="another secret", **fields)
    assert _attempt(one) == _attempt(other)
    assert (one.key, one.request_id) == ("one secret", ID)
