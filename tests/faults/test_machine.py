"""Whatever is asked, over restarts and compactions: answers are as the model says, and watches keep the rules."""

import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import pytest
from anyio.pytest_plugin import get_runner
from buoy.v1 import agent_pb2, instance_pb2
from buoy.v1 import interface_pb2 as i
from buoy_server.storage.fsck import check_database
from google.protobuf.struct_pb2 import Value
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.faults.compaction import compact
from tests.faults.history import Change, Chosen, History, changes
from tests.faults.model import Modelled, RefusedError, modelled
from tests.faults.validators import broken
from tests.faults.watcher import Watcher
from tests.server.agent import agent
from tests.server.running import Running, running
from tests.support.soak import ROUNDS

CHOICE = st.integers(0, 1 << 16)
KEYS = st.sampled_from("ab")
VALUES = st.integers(0, 2)
NODES = ("n1", "n2")
OPTIONS = {"node_lease": 3600.0}


def in_loop(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run something in the event loop that all tests of the process share."""
    results: list[Any] = []

    async def run() -> None:
        results.append(await work())

    with get_runner("asyncio", {}) as runner:
        runner.run_test(run, {})
    return results[0]


class Interfaces(RuleBasedStateMachine):
    """Interfaces on two nodes, and a few who watch."""

    furnished: Path

    @initialize()
    def start(self) -> None:
        self.directory = TemporaryDirectory()
        self.database = shutil.copy(self.furnished, self.directory.name)
        self.model: dict[str, Modelled] = {}
        self.revisions: dict[str, int] = {}
        self.nodes: dict[str, str] = {}
        self.instances: list[str] = []
        self.watchers: list[Watcher] = []
        self.changes: list[Change] = []
        self.read_upto = 0
        in_loop(self._enter)

    @rule(count=st.integers(1, 3), node=st.sampled_from(NODES))
    def create(self, count: int, node: str) -> None:
        name = f"i{len(self.instances)}"
        specs = [instance_pb2.InterfaceSpec(network_ref="net")] * count
        self._call(
            self.server.instances.CreateInstance, instance_pb2.CreateInstanceRequest(name=name, node=node, interfaces=specs)
        )
        self.instances.append(name)
        request = instance_pb2.ListInstanceInterfacesRequest(instance_ref=name)
        for made in self._call(self.server.instances.ListInstanceInterfaces, request).interfaces:
            self._is_new(made)

    @precondition(lambda self: self.instances)
    @rule(choice=CHOICE)
    def plug(self, choice: int) -> None:
        name = self.instances[choice % len(self.instances)]
        request = i.CreateInterfaceRequest(instance_ref=name, network_ref="net")
        try:
            self._is_new(self._call(self.server.interfaces.CreateInterface, request))
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION  # noqa: PT017 - the only refusal there is

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE)
    def float_(self, choice: int) -> None:
        uuid = self._pick(choice)
        self._ask("FloatInterface", i.FloatInterfaceRequest(interface_uuid=uuid), self.model[uuid].ask_float)

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE)
    def defloat(self, choice: int) -> None:
        uuid = self._pick(choice)
        self._ask("DefloatInterface", i.DefloatInterfaceRequest(interface_uuid=uuid), self.model[uuid].ask_defloat)

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE)
    def delete(self, choice: int) -> None:
        uuid = self._pick(choice)
        self._ask("DeleteInterface", i.DeleteInterfaceRequest(interface_uuid=uuid), self.model[uuid].delete)

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE, key=KEYS, value=VALUES)
    def set_item(self, choice: int, key: str, value: int) -> None:
        uuid = self._pick(choice)
        request = i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key=key, value=Value(number_value=value))
        self._ask("SetInterfaceMetadataItem", request, lambda: self.model[uuid].set_item(key, value))

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE, key=KEYS)
    def delete_item(self, choice: int, key: str) -> None:
        uuid = self._pick(choice)
        request = i.DeleteInterfaceMetadataItemRequest(interface_uuid=uuid, key=key)
        self._ask("DeleteInterfaceMetadataItem", request, lambda: self.model[uuid].delete_item(key))

    @precondition(lambda self: self.model)
    @rule(choice=CHOICE)
    def confirm(self, choice: int) -> None:
        uuid = self._pick(choice)
        now = self._get(uuid)
        report = agent_pb2.BindingReport(
            interface_uuid=uuid, generation=now.generation, removed=now.state == i.INTERFACE_STATE_DELETED
        )
        request = agent_pb2.ReportNodeRequest(node=self.nodes[uuid], reports=[report])
        self._call(self.server.agents.ReportNode, request)
        self._check(self._get(uuid), self.model[uuid].confirm())

    @rule(choice=CHOICE, kind=st.sampled_from(["all", "uuid", "node", "namespace"]), back=st.integers(0, 20) | st.none())
    def watch(self, choice: int, kind: str, back: int | None) -> None:
        chosen = {"node": NODES[choice % 2], "namespace": "system"}.get(kind, "")
        if kind == "uuid" and self.model:
            chosen = self._pick(choice)
        watcher = Watcher(f"watch {len(self.watchers)}", Chosen(**{kind: chosen}) if chosen else Chosen())
        self.watchers.append(watcher)
        start = 0 if back is None else max(self._head() - back, self.server.server._backend.feed.floor)
        self._open(watcher, start)

    @precondition(lambda self: self.watchers)
    @rule(choice=CHOICE)
    def read(self, choice: int) -> None:
        in_loop(lambda: self._catch_up(self.watchers[choice % len(self.watchers)]))

    @precondition(lambda self: self.watchers)
    @rule(choice=CHOICE)
    def stop(self, choice: int) -> None:
        self.watchers[choice % len(self.watchers)].stop()

    @rule(back=st.integers(0, 8))
    def compact_and_open_at_the_boundary(self, back: int) -> None:
        oldest = max(self._head() - back, self.server.server._backend.feed.floor, 2)
        if oldest > self._head():
            return
        self._note_changes()
        in_loop(lambda: compact(self.server.channel, oldest))
        for start in (oldest - 1, oldest, oldest + 1):
            watcher = Watcher(f"watch at {start} compacted to {oldest}")
            self._open(watcher, start)
            in_loop(lambda watcher=watcher: watcher.read_until(self._head()))  # type: ignore[misc]
            assert watcher.watch.streams[-1].ended == ("OUT_OF_RANGE" if start < oldest else "")
            self.watchers.append(watcher)

    @rule()
    def restart(self) -> None:
        in_loop(self._leave)
        in_loop(self._enter)

    @invariant()
    def what_is_there_is_what_the_model_says(self) -> None:
        if not hasattr(self, "server"):
            return
        listed = self._call(self.server.interfaces.ListInterfaces, i.ListInterfacesRequest(include_deleted=True))
        assert {one.uuid: modelled(one) for one in listed.interfaces} == self.model

    def teardown(self) -> None:
        """Let everybody catch up, and judge."""
        if not hasattr(self, "server"):
            return
        try:
            for watcher in self.watchers:
                in_loop(lambda watcher=watcher: self._catch_up(watcher))  # type: ignore[misc]
            self._note_changes()
            assert broken(History(self.changes, [watcher.watch for watcher in self.watchers])) == []
        finally:
            in_loop(self._leave)
            found = check_database(f"sqlite:///{self.database}").violations
            self.directory.cleanup()
        assert found == ()

    async def _enter(self) -> None:
        self.stack = AsyncExitStack()
        self.server: Running = await self.stack.enter_async_context(running(Path(self.database), **OPTIONS))

    async def _leave(self) -> None:
        for watcher in self.watchers:
            watcher.stop()
        await self.stack.aclose()

    async def _catch_up(self, watcher: Watcher) -> None:
        """Read all that there is, from where it was; whoever is told COMPACTED starts with a snapshot."""
        for _ in range(3):
            if not watcher.reading:
                watcher.open(self.server.channel)
            await watcher.read_until(self._head())
            if watcher.reading:
                return
            assert watcher.watch.streams[-1].ended in ("OUT_OF_RANGE", "UNAVAILABLE")
        raise AssertionError(f"{watcher.watch.name} does not get on")

    def _ask(self, method: str, request: Any, model: Callable[[], bool]) -> None:
        """Ask the server and the model for the same thing."""
        try:
            changes_it = model()
        except RefusedError:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                self._call(getattr(self.server.interfaces, method), request)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        else:
            self._check(self._call(getattr(self.server.interfaces, method), request), changes_it)

    def _check(self, answer: i.Interface, changes_it: bool) -> None:
        assert modelled(answer) == self.model[answer.uuid]
        assert (answer.revision > self.revisions[answer.uuid]) == changes_it
        self.revisions[answer.uuid] = answer.revision

    def _is_new(self, made: i.Interface) -> None:
        self.model[made.uuid], self.revisions[made.uuid], self.nodes[made.uuid] = Modelled(), made.revision, made.node
        self._check(made, False)

    def _call(self, method: Any, request: Any) -> Any:
        async def made() -> Any:
            return await method(request)

        return in_loop(made)

    def _open(self, watcher: Watcher, start: int) -> None:
        async def opened() -> None:  # a call belongs to the loop that it is made in
            watcher.open(self.server.channel, start)

        in_loop(opened)

    def _get(self, uuid: str) -> i.Interface:
        answer: i.Interface = self._call(self.server.interfaces.GetInterface, i.GetInterfaceRequest(interface_uuid=uuid))
        return answer

    def _pick(self, choice: int) -> str:
        return sorted(self.model)[choice % len(self.model)]

    def _head(self) -> int:
        return self.server.server._backend.feed.head

    def _note_changes(self) -> None:
        """Read the ledger on: what is compacted is not there later."""
        entries = self.server.server._backend.store.read(self.read_upto, 100_000)
        self.changes += changes(entries)
        self.read_upto = entries[-1].revision if entries else self.read_upto


@pytest.fixture
def furnished(tmp_path: Path) -> Path:
    """A database with a pool, a network and two nodes."""

    async def furnish() -> None:
        async with running(tmp_path / "buoy.db", **OPTIONS) as server:
            await server.furnish()
            for node in NODES:
                async with agent(server, node):
                    pass

    in_loop(furnish)
    return tmp_path / "buoy.db"


def test_answers_are_as_the_model_says_and_watches_keep_the_rules(furnished: Path) -> None:
    class OfThisDatabase(Interfaces):
        pass

    OfThisDatabase.furnished = furnished
    chosen = settings(max_examples=5 * ROUNDS, stateful_step_count=25, print_blob=True)
    run_state_machine_as_test(OfThisDatabase, settings=chosen)
