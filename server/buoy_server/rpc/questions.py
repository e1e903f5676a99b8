"""Questions to nodes: they go out on the node's stream, and their answers come by a call of its agent, told by an id.

Who asks waits for a short while and then goes without: an agent may be away, busy, or older than questions. What is asked of
one interface by several at a time is asked once, and no node is asked more than a few things at a time.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from buoy.v1 import agent_pb2

from buoy_server.core.errors import QuestionNotFound

PATIENCE = 2.0  # seconds that somebody waits for an answer
MOST = 32  # questions that a node has open


Answer = agent_pb2.AnswerNodeRequest | None  # none: nobody will answer any more


class UnansweredError(Exception):
    """There is no answer; the text says why."""


@dataclass(slots=True, eq=False)
class Outbox:
    """What one stream of a node has yet to be asked, and how to wake it."""

    wake: Callable[[], None]
    waiting: list[agent_pb2.NodeQuestion] = field(default_factory=list)
    open: dict[str, "asyncio.Future[Answer]"] = field(default_factory=dict)
    ids: dict[tuple[str, int], str] = field(default_factory=dict)  # of open questions, by interface and generation

    def take(self) -> list[agent_pb2.NodeQuestion]:
        """Return what is to be sent now."""
        taken, self.waiting = self.waiting, []
        return taken


class Questions:
    """Those of all nodes whose streams this server has."""

    def __init__(self) -> None:
        self._outboxes: dict[str, Outbox] = {}

    @contextmanager
    def outbox(self, node: str, wake: Callable[[], None]) -> Iterator[Outbox]:
        """Send a node's questions by this stream from now on; when it ends, nobody waits for its answers any more."""
        outbox = self._outboxes[node] = Outbox(wake)
        try:
            yield outbox
        finally:
            if self._outboxes.get(node) is outbox:
                del self._outboxes[node]
            for waiting in list(outbox.open.values()):
                if not waiting.done():
                    waiting.set_result(None)

    async def ask(self, node: str, binding: agent_pb2.Binding) -> agent_pb2.AnswerNodeRequest:
        """Return what a node's agent answers about an interface, or raise UnansweredError."""
        outbox = self._outboxes.get(node)
        if outbox is None:
            raise UnansweredError(f"the agent of {node} is not connected")
        name = (binding.interface_uuid, binding.generation)
        if name not in outbox.ids:
            if len(outbox.open) >= MOST:
                raise UnansweredError(f"the agent of {node} is being asked too many things at a time")
            _put(outbox, name, binding)
        await asyncio.wait([waiting := outbox.open[outbox.ids[name]]], timeout=PATIENCE)
        answer = waiting.result() if waiting.done() else None
        if answer is None:
            words = (
                "its stream broke" if self._outboxes.get(node) is not outbox else "it is stopped, busy, or too old to be asked"
            )
            raise UnansweredError(f"the agent of {node} did not answer within {PATIENCE:.0f} s: {words}")
        return answer

    def answer(self, request: agent_pb2.AnswerNodeRequest) -> None:
        """Take an answer in, or raise QuestionNotFound."""
        outbox = self._outboxes.get(request.node)
        waiting = outbox.open.get(request.question_id) if outbox is not None else None
        if waiting is None or waiting.done():
            raise QuestionNotFound(request.question_id, field="question_id")
        waiting.set_result(request)


def _put(outbox: Outbox, name: tuple[str, int], binding: agent_pb2.Binding) -> None:
    """Open a question, and forget it when it was answered or its time is over, whoever still waits."""
    question = agent_pb2.NodeQuestion(id=str(uuid4()), explain=binding)
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Answer] = loop.create_future()

    def forget(_: object = None) -> None:
        timer.cancel()
        outbox.open.pop(question.id, None)
        if outbox.ids.get(name) == question.id:
            del outbox.ids[name]
        if not waiting.done():
            waiting.set_result(None)

    timer = loop.call_later(PATIENCE + 0.1, forget)
    waiting.add_done_callback(forget)
    outbox.open[question.id], outbox.ids[name] = waiting, question.id
    outbox.waiting.append(question)
    outbox.wake()
