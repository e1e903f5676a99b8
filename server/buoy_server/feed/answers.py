"""Attempts and the answers to them: a call that bears a request id names its attempt, so that it can be repeated.

An answer is kept with the change that it tells of, in one transaction, and the key of the attempt is unique among them: a
repeat fails on that, and is given the answer that is kept. So no answer is looked up before a command, and none is in memory.
"""

from dataclasses import dataclass
from datetime import datetime

from buoy_server.core.errors import RequestIdReused


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that bore a request id: `key` is a digest of who called and the id, `request` one of what was asked for."""

    request_id: str
    key: bytes
    request: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The serialized response to the first call of an attempt; `key` and `request` are the attempt's."""

    key: bytes
    request: bytes
    response: bytes
    time: datetime

    def to(self, attempt: Attempt) -> bytes | RequestIdReused:
        """Return what a repeat is told: the response, or RequestIdReused where it asks for something else."""
        if attempt.request == self.request:
            return self.response
        return RequestIdReused("another request bore this id: give each request one of its own", field="request_id")
