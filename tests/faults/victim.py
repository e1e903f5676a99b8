"""A server that is killed under load: callers and watchers go on when it is back, and what it left is judged each time."""

import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import grpc
from buoy_server.codec.packing import unpack
from buoy_server.core.model import FLOATING_SPACE, Interface, Reservation, ReservationType
from buoy_server.core.state import Kind
from buoy_server.failpoints import EXIT_CODE
from buoy_server.feed.entry import Committed
from buoy_server.storage.database import open_database
from buoy_server.storage.fsck import check_database
from buoy_server.storage.store import SqlStore

from tests.faults.compaction import compact_until_it_dies
from tests.faults.history import Change, Chosen, History, Operation, changes
from tests.faults.load import PATIENCE, Caller, furnish, refuse_void, under_load
from tests.faults.validators import broken, lost, not_once
from tests.faults.watcher import Watcher, following
from tests.lab import processes
from tests.lab.processes import Program, ServerPlace
from tests.server.waiting import wait_until_async

CALLERS = 16
ANSWERS = 100  # that are waited for before a fault, at least
SIGNALS = {"kill -9": signal.SIGKILL, "stop": signal.SIGTERM}  # what a server dies of beside failpoints
ENDS = {"kill -9": -signal.SIGKILL, "stop": 0}  # its exit codes then
CLIENT_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.max_receive_message_length", -1),
]


@dataclass(slots=True)
class Victim:
    """The server, who calls it and who watches it; what was recorded, and how long each recovery took, in seconds."""

    program: Program
    place: ServerPlace
    channel: grpc.aio.Channel
    callers: list[Caller]
    watchers: list[Watcher]
    changes: dict[int, Change] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    faults: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def operations(self) -> list[Operation]:
        """What was asked so far, in the order in which it ended."""
        return sorted((one for caller in self.callers for one in caller.operations), key=lambda one: one.end)

    @property
    def history(self) -> History:
        """What there is to judge."""
        kept = sorted(self.changes.values(), key=lambda one: one.revision)
        return History(kept, [watcher.watch for watcher in self.watchers], self.operations)

    async def live(self, points: Sequence[str], chance: Random) -> None:
        """Die at each failpoint or of a signal, and come back each time; under load."""
        await self._answered(1)
        for point, following_point in pairwise([*points, ""]):
            begin = time.monotonic()
            await self._answered(ANSWERS)
            if point in SIGNALS:
                await self._answered(chance.randrange(2 * ANSWERS))
                self._signal(SIGNALS[point])
            elif point.startswith("mid_compaction"):
                await compact_until_it_dies(self.channel, max(self.changes))  # what was judged already
            await self._come_back(point, following_point, begin)
        begin = time.monotonic()
        await self._answered(ANSWERS)
        refuse_void(self.operations, begin, time.monotonic())

    async def end(self) -> None:
        """Let every watcher catch up, stop the server, and judge; there are no calls any more."""
        last = max(operation.revision for operation in self.operations)

        async def all_there() -> bool:
            return all(watcher.watch.position >= last for watcher in self.watchers)

        await wait_until_async(all_there, f"all watchers are at {last}", PATIENCE)
        self._judge()
        self.wrong += broken(self.history) + not_once(self.operations, self.history.changes)

    def start(self, failpoint: str) -> None:
        """Start the server, to end at a failpoint if that is how it is to die next."""
        self.program.variables = {"BUOY_FAILPOINT": failpoint} if failpoint and failpoint not in SIGNALS else {}
        self.program.start()

    async def _come_back(self, point: str, following_point: str, begin: float) -> None:
        """Wait until the server has died as it was told to, judge what it left, and start it to die elsewhere."""
        await wait_until_async(self._is_dead, f"the server has died: {point}", PATIENCE)
        code = self._process().returncode
        if code != ENDS.get(point, EXIT_CODE):
            raise AssertionError(f"the server was to die of {point}, and ended with {code}: {self.program.last_words()}")
        refuse_void(self.operations, begin, time.monotonic())
        self._judge()
        self.faults += 1
        died = time.monotonic()
        self.start(following_point)
        await self._answered(1)
        self.recoveries.append(time.monotonic() - died)

    def _judge(self) -> None:
        """Note what is wrong with what is on disk; a copy is looked at, so that the server recovers by itself."""
        copy = self.place.directory / "copy"
        copy.mkdir()
        for part in (self.place.database, self.place.database.with_name("buoy.db-wal")):
            if part.exists():
                shutil.copy(part, copy)
        database = open_database(f"sqlite:///{copy / 'buoy.db'}")
        try:
            entries = database.store.read(0, 1 << 30)
            self.wrong += half_floats(database.store)
            self.wrong += map(str, check_database(f"sqlite:///{copy / 'buoy.db'}").violations)
        finally:
            database.close()
            shutil.rmtree(copy)
        self.wrong += gaps(entries)
        self.changes.update((change.revision, change) for change in changes(entries))
        self.wrong += lost(self.operations, list(self.changes.values()))

    async def _answered(self, count: int) -> None:
        """Wait for so many more answers, or until the server is dead."""
        goal = self._answers() + count

        async def enough() -> bool:
            return self._answers() >= goal or not self.program.running

        await wait_until_async(enough, f"{count} more answers", PATIENCE)

    def _answers(self) -> int:
        return sum(caller.answers for caller in self.callers)

    def _signal(self, number: signal.Signals) -> None:
        self._process().send_signal(number)

    def _process(self) -> subprocess.Popen[Any]:
        if self.program.process is None:
            raise RuntimeError("the server was never started")
        return self.program.process

    async def _is_dead(self) -> bool:
        return not self.program.running


@asynccontextmanager
async def victim(directory: Path, chance: Random) -> AsyncIterator[Victim]:
    """A furnished server with callers and watchers that are not at it yet."""
    place = ServerPlace(directory, processes.free_port())
    program = processes.server(place, directory / "server.log")
    async with grpc.aio.insecure_channel(place.target, options=CLIENT_OPTIONS) as channel:
        callers = [Caller(channel, f"caller{number}", Random(chance.random())) for number in range(CALLERS)]
        chosen = [Chosen(), Chosen(), Chosen(namespace="system"), Chosen(node="n0"), Chosen(node="n1")]
        watchers = [Watcher(f"watch {number}", one) for number, one in enumerate(chosen)]
        made = Victim(program, place, channel, callers, watchers)
        made.start("")
        try:
            await furnish(channel, "n0", "n1")
            for number, caller in enumerate(callers):
                await caller.prepare(f"n{number % 2}")
            yield made
        finally:
            if program.running:
                program.kill()


async def killed(directory: Path, points: Sequence[str], chance: Random) -> Victim:
    """Let a server die at each of some points under load, and return what came of it."""
    async with victim(directory, chance) as one:
        one.program.kill()
        one.start(points[0])
        async with following(one.channel, *one.watchers):
            async with under_load(one.callers):
                await one.live(points, chance)
            await one.end()
    return one


def gaps(entries: Sequence[Committed]) -> list[str]:
    """The places where a ledger misses an entry; it may begin late."""
    pairs = pairwise(entry.revision for entry in entries)
    return [f"the ledger goes from {before} to {after}" for before, after in pairs if after != before + 1]


def half_floats(store: SqlStore) -> list[str]:
    """The floats of which only the interface or only the reservation knows."""
    records = [unpack(kind, body) for kind in (Kind.INTERFACE, Kind.RESERVATION) for _, body in store.load(kind)]
    interfaces = {str(one.uuid): one for one in records if isinstance(one, Interface)}
    held = {
        str(one.address): one.owner
        for one in records
        if isinstance(one, Reservation) and one.type is ReservationType.FLOATING and one.key.startswith(FLOATING_SPACE)
    }
    wanted = {str(one.floating.address): uuid for uuid, one in interfaces.items() if one.floating}
    return [
        f"{address}: interface {wanted.get(address)}, reservation {held.get(address)}"
        for address in wanted.keys() | held.keys()
        if wanted.get(address) != held.get(address)
    ]
