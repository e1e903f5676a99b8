"""Answers what the server asks of this node: reads, beside what is programmed, and tells; it never changes anything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import grpc
import structlog
from buoy.v1 import agent_pb2, agent_pb2_grpc

from buoy_agent.core.examining import Examination
from buoy_agent.core.spec import Binding
from buoy_agent.errors import AgentError
from buoy_agent.sync.convert import binding_from_proto, examination_to_proto
from buoy_agent.sync.token import AgentToken, log_refusal

_DEADLINE = 5.0
log = structlog.get_logger()


class Answerer:
    """Takes questions of the stream and answers each once; one that comes too late is the server's to forget."""

    def __init__(
        self,
        stub: "agent_pb2_grpc.AgentServiceAsyncStub",
        token: AgentToken,
        node: str,
        examine: Callable[[Binding], Awaitable[Examination]],
        known: Callable[[Binding], tuple[int, str]],
    ) -> None:
        self._stub, self._token, self._node, self._examine, self._known = stub, token, node, examine, known
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, questions: Iterable[agent_pb2.NodeQuestion]) -> None:
        """Begins to answer; nobody waits for it here."""
        for question in questions:
            task = asyncio.get_running_loop().create_task(self._answer(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Answers no more."""
        for task in self._tasks:
            task.cancel()

    async def _answer(self, question: agent_pb2.NodeQuestion) -> None:
        answer = agent_pb2.AnswerNodeRequest(node=self._node, question_id=question.id)
        try:
            binding = binding_from_proto(question.explain)
            answer.examination.CopyFrom(examination_to_proto(await self._examine(binding), *self._known(binding)))
        except AgentError as error:
            answer.error = str(error)
        metadata = await self._token.metadata()
        try:
            await self._stub.AnswerNode(answer, timeout=_DEADLINE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log_refusal("answer not taken", error, self._node, question=question.id)
