"""Errors as HTTP answers, each kind of them, from an application layer that only fails."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from buoy_server.auth.authenticator import Credentials
from buoy_server.core import errors
from buoy_server.http import app
from buoy_server.http.errors import STATUS
from buoy_server.http.openapi import REFUSALS
from google.protobuf.message import Message

from tests.http.faked import LetsEverybodyIn

pytestmark = pytest.mark.anyio


def _leaves(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    if not kind.__subclasses__():
        yield kind
    for child in kind.__subclasses__():
        yield from _leaves(child)


class Failing(LetsEverybodyIn):
    """An application layer that only fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def call(self, name: str, request: Message, credentials: Credentials) -> Message:
        """Raise the error."""
        del name, request, credentials
        raise self.error


async def _answer(error: Exception) -> tuple[int, dict[str, Any], Any]:
    transport = httpx.ASGITransport(app.build(Failing(error)))
    async with httpx.AsyncClient(transport=transport, base_url="http://buoy") as client:
        response = await client.get("/networks")
    return response.status_code, response.json(), response.headers


EXPECTED = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Precondition: 409,
    errors.TooManyAttempts: 429,
    errors.PoolExhausted: 507,
    errors.NetworkFull: 507,
    errors.QuotaExceeded: 507,
    errors.StorageFull: 507,
    errors.Unavailable: 503,
}


@pytest.mark.parametrize("kind", list(_leaves(errors.DomainError)))
async def test_every_domain_error_has_a_status_of_its_own(kind: type[errors.DomainError]) -> None:
    error = kind(7) if kind is errors.Compacted else kind("words")
    status, said, headers = await _answer(error)
    assert said == {"error": error.message, "status": status}
    assert status == next((code for parent, code in EXPECTED.items() if issubclass(kind, parent)), 409)
    assert ("retry-after" in headers) == (status == 503)


async def test_an_unknown_error_is_a_number_and_nothing_else() -> None:
    status, said, headers = await _answer(RuntimeError("a secret"))
    assert (status, "secret" in said["error"]) == (500, False)
    assert headers["x-request-id"] in said["error"]


async def test_every_status_is_described() -> None:
    assert {status for _, status in STATUS} <= set(REFUSALS)
