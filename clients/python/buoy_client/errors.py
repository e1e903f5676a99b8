"""Every error that the SDK raises.

BuoyError
|- InvalidArgument     the request is malformed; `field_violations` names the fields
|- NotFound            absent, or not yours
|- AlreadyExists       the name or the address is taken
|- FailedPrecondition  not in this state
|- OutOfRange          history is gone (COMPACTED)
|- ResourceExhausted   the pool, the network, the quota or the disk is full; or too many attempts
|- Unauthenticated     no key (NO_KEY), or a wrong one
|- PermissionDenied    you are known, and may not
|- Aborted             somebody else was first; try again
|- Unavailable         the server cannot be reached, or cannot serve now
|- DeadlineExceeded    the call took longer than its timeout
|- Cancelled           the call was cancelled
|- Unimplemented       the server does not have this call
|- InternalError       the server's own fault
|- WaitFailed          what was waited for became an error; `reason` and the words say why
`- WaitTimeout         what was waited for did not come in time
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of a request, and what is wrong with it."""

    field: str
    description: str


class BuoyError(Exception):
    """A call did not do what was asked; `reason` is stable, `message` is for people."""

    status = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        field_violations: tuple[FieldViolation, ...] = (),
        details: dict[str, str] | None = None,
        cluster_id: str = "",
    ) -> None:
        """Take the words, the stable reason (the status name by default), and what else the server said."""
        super().__init__(message)
        self.message = message
        self.reason = reason or self.status
        self.field_violations = field_violations
        self.details = details or {}
        self.cluster_id = cluster_id


class InvalidArgument(BuoyError):
    """The request is malformed; `field_violations` names the fields."""

    status = "INVALID_ARGUMENT"


class NotFound(BuoyError):
    """It is absent, or not yours."""

    status = "NOT_FOUND"


class AlreadyExists(BuoyError):
    """The name or the address is taken."""

    status = "ALREADY_EXISTS"


class FailedPrecondition(BuoyError):
    """It cannot be done in this state."""

    status = "FAILED_PRECONDITION"


class OutOfRange(BuoyError):
    """The history that was asked for is gone."""

    status = "OUT_OF_RANGE"


class ResourceExhausted(BuoyError):
    """The pool, the network, the quota or the disk is full; or there were too many attempts to log in."""

    status = "RESOURCE_EXHAUSTED"


class Unauthenticated(BuoyError):
    """The server does not know who asks: there is no key (reason NO_KEY), or the namespace does not have it."""

    status = "UNAUTHENTICATED"


class PermissionDenied(BuoyError):
    """The caller is known, and may not do this."""

    status = "PERMISSION_DENIED"


class Aborted(BuoyError):
    """Somebody else was first; trying again may work."""

    status = "ABORTED"


class Unavailable(BuoyError):
    """The server cannot be reached (reason UNREACHABLE), or cannot serve now."""

    status = "UNAVAILABLE"


class DeadlineExceeded(BuoyError):
    """The call took longer than its timeout; a change may or may not have happened."""

    status = "DEADLINE_EXCEEDED"


class Cancelled(BuoyError):
    """The call was cancelled by other than its caller."""

    status = "CANCELLED"


class Unimplemented(BuoyError):
    """The server does not have this call."""

    status = "UNIMPLEMENTED"


class InternalError(BuoyError):
    """The server failed by its own fault."""

    status = "INTERNAL"


class WaitFailed(BuoyError):
    """What was waited for became an error; the words say why."""

    status = "WAIT_FAILED"


class WaitTimeout(BuoyError):
    """What was waited for did not come in time; it may still come."""

    status = "WAIT_TIMEOUT"


BY_STATUS: dict[str, type[BuoyError]] = {
    kind.status: kind
    for kind in (
        InvalidArgument,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        OutOfRange,
        ResourceExhausted,
        Unauthenticated,
        PermissionDenied,
        Aborted,
        Unavailable,
        DeadlineExceeded,
        Cancelled,
        Unimplemented,
        InternalError,
    )
}
