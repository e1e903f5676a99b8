"""A grpc error to the SDK's own, with the reason and the fields from google.rpc details."""

from collections.abc import Iterable
from typing import Any, Protocol

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from buoy_client.errors import BY_STATUS, BuoyError, FieldViolation

DOMAIN = "buoy"
Trailing = Iterable[Any] | None  # pairs of key and value, which grpc and grpc.aio type differently


class FailedCall(Protocol):
    """What grpc.RpcError and grpc.aio.AioRpcError both have."""

    def code(self) -> grpc.StatusCode | None:
        """Give the status code."""

    def details(self) -> str | None:
        """Give the words."""

    def trailing_metadata(self) -> Trailing:
        """Give what the server said at the end."""


def cluster_in(trailing: Trailing) -> str:
    """Find the cluster that answered; empty where it did not say."""
    return next((str(value) for key, value in trailing or () if key == "buoy-cluster-id"), "")


def rich_status(call: FailedCall) -> status_pb2.Status | None:
    """Read the google.rpc.Status of a call, None where there is none or it contradicts the call."""
    try:
        status: status_pb2.Status | None = rpc_status.from_call(call)  # type: ignore[no-untyped-call]
    except ValueError:
        return None
    return status


def error_info(details: list[AnyMessage]) -> error_details_pb2.ErrorInfo:
    """Find the server's ErrorInfo, an empty one where there is none of our domain."""
    info = error_details_pb2.ErrorInfo()
    for detail in details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            return info
    return error_details_pb2.ErrorInfo()


def field_violations(details: list[AnyMessage]) -> tuple[FieldViolation, ...]:
    """Find which fields of the request were wrong."""
    request = error_details_pb2.BadRequest()
    found = [list(request.field_violations) for detail in details if detail.Unpack(request)]
    return tuple(FieldViolation(item.field, item.description) for items in found for item in items)


def error_from_call(call: FailedCall) -> BuoyError:
    """Give a failed call as one of the SDK's errors."""
    code = call.code()
    kind = BY_STATUS.get(code.name if code else "", BuoyError)
    status = rich_status(call)
    details = list(status.details) if status else []
    info = error_info(details)
    words = call.details() or (code.name.lower().replace("_", " ") if code else "the call failed")
    return kind(
        words,
        reason=info.reason,
        field_violations=field_violations(details),
        details=dict(info.metadata),
        cluster_id=cluster_in(call.trailing_metadata()),
    )
