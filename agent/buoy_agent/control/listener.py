"""The agent's socket: whoever may read it (root) asks for a word and gets JSON; and the other end of it."""

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from buoy_agent.errors import ConfigurationError

_SOON, _SECONDS = 2.0, 30.0  # the kernel thread, which answers, may be at something long
Answer = Callable[[], Awaitable[dict[str, Any]]]
log = structlog.get_logger()


async def listen(path: Path, answers: Mapping[str, Answer]) -> asyncio.Server | None:
    """Answers words on a socket that only its owner may use; raises ConfigurationError where another agent already does.

    An agent that cannot have its socket works without one.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                if (answer := answers.get((await reader.readline()).strip().decode(errors="replace"))) is not None:
                    writer.write(json.dumps(await answer()).encode())
                    await writer.drain()
        except (OSError, TimeoutError, ValueError) as error:
            log.info("not answered", error=str(error) or type(error).__name__)
        finally:
            writer.close()

    if await is_answered(path):
        raise ConfigurationError(f"another agent listens on {path}; give each a --netns-prefix of its own")
    try:
        _clear(path)
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(serve, path)
        finally:
            os.umask(before)
    except OSError as error:
        log.warning("no control socket", path=str(path), error=str(error))
        return None


def _clear(path: Path) -> None:
    """Makes room: a socket that stands there is a dead agent's."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)


async def is_answered(path: Path) -> bool:
    """Whether an agent listens there: a socket that a dead one left refuses."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def ask(path: Path, word: str, waits: Callable[[str], None]) -> dict[str, Any]:
    """What the running agent answers; raises OSError, in words, where none does; `waits` is told where it takes long."""
    loop = asyncio.get_running_loop()
    notice = loop.call_later(_SOON, waits, f"the agent is busy: its answer is waited for, at most {_SECONDS:g} s")
    try:
        return await asyncio.wait_for(_ask(path, word), _SECONDS)
    except TimeoutError:
        raise OSError(errno.ETIMEDOUT, f"it is busy, and did not within {_SECONDS:g} s") from None
    finally:
        notice.cancel()


async def _ask(path: Path, word: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(f"{word}\n".encode())
        status: dict[str, Any] = json.loads(await reader.read())
    finally:
        writer.close()
    return status
