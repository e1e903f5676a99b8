"""The port: started and stopped within the server's loop."""

import asyncio
import signal

import httpx
import pytest
from buoy.v1 import network_pb2
from buoy_server.auth.authenticator import Credentials
from buoy_server.errors import ListenError
from buoy_server.http import app, serve
from buoy_server.http.call import Dispatcher
from google.protobuf.message import Message

from tests.http.faked import LetsEverybodyIn
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

OWN_ADDRESS = "127.0.0.7:0"  # a port that was given back is taken by no other test meanwhile


class Held(LetsEverybodyIn):
    """An application layer that answers when it is let go."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()

    async def call(self, name: str, request: Message, credentials: Credentials) -> Message:
        """Wait, and answer with an empty list."""
        del name, request, credentials
        self.asked.set()
        await self.let_go.wait()
        return network_pb2.ListNetworksResponse()


def _server(dispatcher: Dispatcher) -> serve.HttpServer:
    return serve.HttpServer(app.build(dispatcher))


async def test_a_port_that_is_taken_is_said_plainly() -> None:
    first, second = _server(Held()), _server(Held())
    target = await first.start(OWN_ADDRESS)
    try:
        with pytest.raises(ListenError, match=f"http: {target} cannot be served"):
            await second.start(target)
    finally:
        await first.stop()
    await second.start(target)
    await second.stop()


@pytest.mark.parametrize("target", ["nowhere", "127.0.0.1:x", "127.0.0.1:99999", "no.such.host.invalid:1"])
async def test_a_target_that_is_none_is_said_plainly(target: str) -> None:
    with pytest.raises(ListenError, match=f"http: {target} "):
        await _server(Held()).start(target)


async def test_signals_are_left_to_the_program() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = _server(Held())
    target = await server.start("127.0.0.1:0")
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        assert (await client.get(f"http://{target}/")).status_code == 200
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await server.stop()


async def test_a_request_under_way_is_answered_before_the_port_closes() -> None:
    held = Held()
    server = _server(held)
    target = await server.start(OWN_ADDRESS)
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        under_way = asyncio.create_task(client.get(f"http://{target}/networks"))
        await held.asked.wait()
        stopping = asyncio.create_task(server.stop())
        held.let_go.set()
        assert (await under_way).json() == []
        await stopping
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{target}/networks")


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nX: "])
async def test_a_connection_that_never_says_what_it_wants_is_closed(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    if said:
        monkeypatch.setattr(serve, "HEAD_SECONDS", 0.05)
    server = _server(Held())
    target = await server.start("127.0.0.1:0")
    reader, writer = await asyncio.open_connection(*target.rsplit(":", 1))
    try:
        writer.write(said or b"GET / HTTP/1.1\r\nHost: buoy\r\n\r\n")
        if not said:
            await reader.readuntil(b"</html>")
            monkeypatch.setattr(serve, "HEAD_SECONDS", 0.05)
            writer.write(b"GET")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    finally:
        writer.close()
        await server.stop()


async def test_a_request_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "DEADLINE", 0.05)
    transport = httpx.ASGITransport(app.build(Held()))
    async with httpx.AsyncClient(transport=transport, base_url="http://buoy") as client:
        assert (await client.get("/networks")).status_code == 503
