"""Request ids: what makes a change safe to repeat.

Every call that changes something bears one, made once a call and not once an attempt: where the connection breaks, grpc sends
the call again, and the server gives the first answer, for 24 hours. A program that wants more than that, such as to repeat a
call after it was restarted itself, keeps an id of its own:

    with request_id(stored_id):
        client.create_instance("web", ["blue"])
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID, uuid4

from google.protobuf.message import Message

_given: ContextVar[str] = ContextVar("request_id", default="")


@contextmanager
def request_id(given: UUID | str) -> Iterator[None]:
    """Let the change that this task or thread asks for in the block bear this id; two different ones may not share it."""
    before = _given.set(str(given))
    try:
        yield
    finally:
        _given.reset(before)


def bearing_id(request: Message) -> Message:
    """Give the request with an id, where it takes one."""
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = _given.get() or str(uuid4())  # type: ignore[attr-defined]  # as the descriptor says
    return request
