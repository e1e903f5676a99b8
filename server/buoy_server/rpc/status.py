"""Domain errors as google.rpc.Status: one table, and the details that programs read."""

from collections.abc import Sequence

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from buoy_server.core import errors

DOMAIN = "buoy"
_RETRY_SECONDS = 1

# The first row that an error is an instance of decides.
STATUS: Sequence[tuple[type[errors.DomainError], grpc.StatusCode]] = (
    (errors.Malformed, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.Conflict, grpc.StatusCode.ALREADY_EXISTS),
    (errors.Precondition, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.Exhausted, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Compacted, grpc.StatusCode.OUT_OF_RANGE),
    (errors.Superseded, grpc.StatusCode.ABORTED),
    (errors.RevisionChanged, grpc.StatusCode.ABORTED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.DomainError, grpc.StatusCode.INTERNAL),
)


def code_of(error: errors.DomainError) -> grpc.StatusCode:
    """Return the status code of a domain error."""
    return next(code for kind, code in STATUS if isinstance(error, kind))


def to_status(error: errors.DomainError) -> grpc.Status:
    """Return a domain error as a status with its details: reason, field, resource, when to try again."""
    status = Status(code=code_of(error).value[0], message=error.message)
    for detail in _details(error):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    converted: grpc.Status = rpc_status.to_status(status)  # type: ignore[no-untyped-call]
    return converted


def _details(error: errors.DomainError) -> list[Message]:
    info = ErrorInfo(reason=error.reason, domain=DOMAIN)
    details: list[Message] = [info]
    if isinstance(error, errors.Compacted):
        info.metadata["compact_revision"] = str(error.compact_revision)
    if error.field:
        details.append(BadRequest(field_violations=[{"field": error.field, "description": error.message}]))
    if isinstance(error, errors.NotFound):
        details.append(ResourceInfo(resource_type=error.kind, resource_name=error.ref, description=error.message))
    if isinstance(error, errors.Unavailable):
        retry = RetryInfo()
        retry.retry_delay.FromSeconds(_RETRY_SECONDS)
        details.append(retry)
    return details
