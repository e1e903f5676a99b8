"""The one token of a client: renewed in time, shared, and forgotten when it is refused."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from buoy.v1.namespace_pb2 import CreateTokenResponse
from buoy_client import BuoyClient, BuoyError, NewKey, ResourceExhausted, Unauthenticated
from buoy_client.cli.session import Globals
from buoy_client.config import Config
from buoy_client.driving import run
from buoy_client.transport.blocking import BlockingLock
from buoy_client.transport.login import Identity, NoTokens, Token, Tokens

SECRET = "hunter2hunter2"  # noqa: S105  nobody's


@dataclass
class Server:
    """Gives numbered tokens for 100 s by a clock that the test turns."""

    now: float = 0.0
    given: int = 0
    refusal: BuoyError | None = None

    def clock(self) -> float:
        """Give the time."""
        return self.now

    async def ask(self) -> CreateTokenResponse:
        """Give the next token."""
        if self.refusal is not None:
            raise self.refusal
        self.given += 1
        return CreateTokenResponse(access_token=f"t{self.given}", expires_in=100)


def blocking(server: Server, ask: Callable[[], Awaitable[CreateTokenResponse]] | None = None) -> Tokens:
    """The tokens of a blocking client."""
    return Tokens(ask or server.ask, BlockingLock(), server.clock)


def borne(tokens: Tokens) -> str:
    """What a call bears now."""
    return dict(run(tokens.get()).metadata)["authorization"]


def test_a_token_is_renewed_at_four_fifths_of_its_life() -> None:
    server = Server()
    tokens = blocking(server)
    seen = []
    for server.now in (0, 79, 80, 159, 160):
        seen.append(borne(tokens))
    assert seen == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]


def test_a_renewal_that_fails_leaves_the_old_token_until_it_expires() -> None:
    server = Server()
    tokens = blocking(server)
    borne(tokens)
    server.now, server.refusal = 80, ResourceExhausted("too many failed attempts", reason="TOO_MANY_ATTEMPTS")
    assert borne(tokens) == "Bearer t1"
    server.now = 99.9
    assert borne(tokens) == "Bearer t1"
    server.now = 100
    with pytest.raises(ResourceExhausted):
        borne(tokens)
    server.refusal = None
    assert borne(tokens) == "Bearer t2"


def test_what_many_calls_were_refused_for_is_replaced_once() -> None:
    server = Server()
    tokens = blocking(server)
    old = run(tokens.get())
    tokens.refused(old)
    assert borne(tokens) == "Bearer t2"
    tokens.refused(old)
    assert borne(tokens) == "Bearer t2"


def test_threads_wait_for_the_one_that_asks() -> None:
    server, asked, go = Server(), threading.Event(), threading.Event()

    async def slowly() -> CreateTokenResponse:
        asked.set()
        assert go.wait(60)
        return await server.ask()

    tokens = blocking(server, slowly)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(borne, tokens) for _ in range(8)]
        assert asked.wait(60)
        go.set()
        assert {answer.result(60) for answer in answers} == {"Bearer t1"}


def test_tasks_wait_for_the_one_that_asks_and_survive_its_end() -> None:
    async def scenario() -> None:
        server, asked, go = Server(), asyncio.Event(), asyncio.Event()

        async def slowly() -> CreateTokenResponse:
            asked.set()
            await go.wait()
            return await server.ask()

        tokens = Tokens(slowly, asyncio.Lock(), server.clock)
        first = asyncio.create_task(tokens.get())
        others = [asyncio.create_task(tokens.get()) for _ in range(8)]
        await asked.wait()
        first.cancel()
        go.set()
        assert {token.metadata for token in await asyncio.gather(*others)} == {(("authorization", "Bearer t1"),)}
        assert server.given == 1

    asyncio.run(scenario())


def test_without_a_key_a_refusal_says_what_is_missing() -> None:
    tokens = NoTokens()
    assert run(tokens.get()).metadata == ()
    with pytest.raises(Unauthenticated) as caught:
        tokens.refused(run(tokens.get()))
    assert caught.value.reason == "NO_KEY"


def test_no_secret_stands_in_a_repr() -> None:
    client = BuoyClient("127.0.0.1:1", namespace="blue", key=SECRET)
    shown = [
        repr(it)
        for it in (
            client,
            client.operations,
            vars(client),
            vars(client._transport),
            Identity("blue", SECRET),
            Token((("authorization", f"Bearer {SECRET}"),), 0, 0),
            Config(namespace="blue", key=SECRET),
            Globals(key=SECRET),
            NewKey("ci", SECRET),
        )
    ]
    client.close()
    assert not [text for text in shown if SECRET in text]
    assert str(NewKey("ci", SECRET)) == "NewKey(name='ci')"
