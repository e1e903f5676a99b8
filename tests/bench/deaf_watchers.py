"""Watchers that read one message and then never again, in a process of their own: `deaf_watchers HOST:PORT COUNT`.

It says "ready" when all are open, and keeps them until its standard input ends.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.crowd import all_of, crowd


async def _keep(target: str, count: int) -> None:
    async with crowd(target, count, 1) as members:
        await all_of([member.opened() for member in members])
        print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def beside(target: str, count: int) -> Iterator[None]:
    """So many, for the length of a `with`."""
    command = [sys.executable, "-m", "tests.bench.deaf_watchers", target, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{count} watchers did not open")
        yield


if __name__ == "__main__":
    asyncio.run(_keep(sys.argv[1], int(sys.argv[2])))
