"""A thread for what blocks, called from an event loop: handing over costs half of what it does with an executor."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Does what it is given, one thing after the other."""

    def __init__(self, name: str) -> None:
        self._given: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)  # a program that fails early need not close it
        self._thread.start()

    async def do(self, function: Callable[..., T], *arguments: object) -> T:
        """Return what the function returns, or raise what it raises; who goes away meanwhile stops nothing."""
        if self._closed:
            raise RuntimeError("the worker is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                result = function(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised to who waits
                _tell(loop, done, done.set_exception, error)
            else:
                _tell(loop, done, done.set_result, result)

        self._given.put(work)
        return await done

    def close(self) -> None:
        """Finish what was given, and end the thread."""
        self._closed = True
        self._given.put(None)
        self._thread.join()

    def _run(self) -> None:
        for work in iter(self._given.get, None):
            work()


def _tell(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[Any]", end: Callable[[Any], None], outcome: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_end, done, end, outcome)


def _end(done: "asyncio.Future[Any]", end: Callable[[Any], None], outcome: object) -> None:
    if not done.done():
        end(outcome)
