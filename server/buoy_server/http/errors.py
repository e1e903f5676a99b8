"""Errors as HTTP answers: one table, and the body `{"error": text, "status": code}` that Shaken Fist's client reads."""

import re
from collections.abc import Mapping, Sequence

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from buoy_server.core import errors

log = structlog.get_logger()

MALFORMED = 400
INTERNAL = 500

# The first row that an error is an instance of decides.
STATUS: Sequence[tuple[type[errors.DomainError], int]] = (
    (errors.Malformed, MALFORMED),
    (errors.Unauthenticated, 401),
    (errors.PermissionDenied, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Precondition, 409),  # not 406: the client would ask again for an hour
    (errors.TooManyAttempts, 429),
    (errors.Exhausted, 507),
    (errors.Superseded, 409),
    (errors.RevisionChanged, 409),
    (errors.Compacted, 409),
    (errors.Unavailable, 503),
    (errors.DomainError, INTERNAL),
)
HEADERS: Mapping[int, Mapping[str, str]] = {401: {"www-authenticate": "Bearer"}, 503: {"retry-after": "1"}}

# What the contract calls them, and what Shaken Fist does.
FIELDS: Mapping[str, str] = {"network_ref": "network_uuid", "macaddr": "macaddress"}
HEADER_FIELDS: Mapping[str, str] = {"request_id": "Idempotency-Key"}
_SPEC = re.compile(r"interfaces\[(\d+)\]\.(\w+)")


def status_of(error: errors.DomainError) -> int:
    """Return the status code of a domain error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def refused(error: errors.DomainError) -> JSONResponse:
    """Return the answer for a domain error; what is malformed names the field."""
    status = status_of(error)
    field = _SPEC.sub(lambda found: f"network[{found[1]}].{FIELDS.get(found[2], found[2])}", error.field)
    field = HEADER_FIELDS.get(field, field)
    text = f"{field}: {error.message}" if field and status == MALFORMED else error.message
    return answer(status, text)


def raised(error: HTTPException) -> JSONResponse:
    """Return the answer for what HTTP itself is about: no such path, no such method, too large a body."""
    return answer(error.status_code, error.detail, error.headers)


def unknown(error: Exception, incident: str) -> JSONResponse:
    """Log an error that nobody expected; return an answer that tells its number and nothing else."""
    log.error("call failed", incident=incident, exc_info=error)
    return answer(INTERNAL, f"the server failed: its log has more under incident {incident}")


def answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error as an answer."""
    return JSONResponse({"error": text, "status": status}, status, {**HEADERS.get(status, {}), **(headers or {})})
