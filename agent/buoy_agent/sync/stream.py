"""The node's stream: opened, watched, and opened again where it ended; resumed from the last revision that was worked in."""

import asyncio
import random
from collections.abc import Callable, Iterable

import grpc
import structlog
from buoy.v1 import agent_pb2, agent_pb2_grpc

from buoy_agent.core.retry import backoff
from buoy_agent.core.spec import Report
from buoy_agent.errors import MalformedError
from buoy_agent.sync.convert import update_from_proto
from buoy_agent.sync.reconciler import Arrival, StreamBegun
from buoy_agent.sync.token import REFUSED, AgentToken, log_refusal

SILENCE = 35.0  # the server sends a mark at least every 15 s
_SLOW = 5.0
log = structlog.get_logger()


class Stream:
    """Reads WatchNode for ever and hands every message on; it programs nothing itself."""

    def __init__(
        self,
        stub: "agent_pb2_grpc.AgentServiceAsyncStub",
        token: AgentToken,
        request: agent_pb2.WatchNodeRequest,
        take: Callable[[Arrival], None],
        refuse: Callable[[tuple[Report, ...]], None],
        ask: Callable[[Iterable[agent_pb2.NodeQuestion]], None],
    ) -> None:
        self._stub, self._token, self._request, self._take, self._refuse = stub, token, request, take, refuse
        self._ask = ask
        self._revision = 0
        self._synced = False
        self._away = False  # no server could be reached: the next stream waits until one can
        self.connected = False  # something has come on the stream that is open

    async def run(self) -> None:
        """Reads one stream after the other."""
        attempt = 0
        while True:
            attempt = 1 if await self._read_one() else attempt + 1
            await asyncio.sleep(backoff(attempt, random.random()))  # noqa: S311 - spreads reconnects, guards nothing

    async def _read_one(self) -> bool:
        """One stream to its end; returns whether the next is to follow at once: something came, or a server was waited for."""
        request = agent_pb2.WatchNodeRequest()
        request.CopyFrom(self._request)
        request.resume_revision = self._revision
        metadata = await self._token.metadata()
        call = self._stub.WatchNode(request, metadata=metadata, wait_for_ready=self._away)
        self._take(StreamBegun())
        self._synced = False
        came = False
        try:
            while True:
                async with asyncio.timeout(SILENCE):
                    message = await call.read()
                if not isinstance(message, agent_pb2.NodeUpdate):  # grpc.aio.EOF
                    log.info("stream ended", code=(await call.code()).name)
                    return came
                came = self.connected = True
                self._away = False
                self._work_in(message)
        except MalformedError as error:
            log.warning("stream cannot be read, opening another", error=str(error))
            return False
        except TimeoutError:
            log.warning("no server can be reached" if self._away else "stream silent, opening another", seconds=SILENCE)
            came = came or self._away
        except grpc.aio.AioRpcError as error:
            log_refusal("stream lost", error, request.node, resume=self._revision)
            self._away = error.code() is grpc.StatusCode.UNAVAILABLE
            if error.code() in REFUSED:
                self._token.refused(metadata)
            if error.code() is grpc.StatusCode.ABORTED:
                await asyncio.sleep(_SLOW)  # another agent bears this node's name: do not fight for the stream
        finally:
            call.cancel()
            self.connected = False
        return came

    def _work_in(self, message: agent_pb2.NodeUpdate) -> None:
        read = update_from_proto(message)
        self._take(read.update)
        self._ask(message.questions)
        if read.refused:
            self._refuse(read.refused)
        for words in read.unread:
            log.warning("network left as it was: it cannot be read", error=words)
        self._synced = self._synced or message.synced
        if self._synced and message.revision:
            self._revision = message.revision
