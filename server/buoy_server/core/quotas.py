"""What a namespace may use at most."""

from typing import cast

from buoy_server.core.errors import QuotaExceeded
from buoy_server.core.model import Namespace, Quota
from buoy_server.core.state import Draft, Kind


def quota_of(draft: Draft, namespace: str) -> Quota:
    """Return a namespace's limits."""
    record = cast("Namespace | None", draft.get(Kind.NAMESPACE, namespace))
    return record.quota if record else Quota()


def check_interfaces(draft: Draft, namespace: str) -> None:
    """Raise QuotaExceeded when the namespace may have no further interface."""
    _check(
        namespace,
        "interfaces",
        quota_of(draft, namespace).interfaces,
        draft.count(Kind.INTERFACE, "bound_namespace", namespace),
    )


def check_floats(draft: Draft, namespace: str) -> None:
    """Raise QuotaExceeded when the namespace may float no further interface."""
    used = draft.count(Kind.INTERFACE, "floating_namespace", namespace)
    _check(namespace, "floats", quota_of(draft, namespace).floats, used)


def check_addresses(draft: Draft, namespace: str) -> None:
    """Raise QuotaExceeded when the namespace may hold no further address of a pool."""
    used = draft.count(Kind.RESERVATION, "held", namespace)
    _check(namespace, "addresses of pools", quota_of(draft, namespace).addresses, used)


def check_metadata(draft: Draft, namespace: str, size: int) -> None:
    """Raise QuotaExceeded when metadata of that many bytes is more than an object of the namespace may have."""
    _check(namespace, "bytes of metadata an object", quota_of(draft, namespace).metadata_bytes, size - 1)


def _check(namespace: str, what: str, limit: int, used: int) -> None:
    if limit and used >= limit:
        raise QuotaExceeded(f"namespace {namespace} may have {limit} {what}: delete some, or ask an operator for more")
