"""The peer of calls and idle watches: grpc.aio with the server's options and nothing behind it. `bare_server HOST:PORT`.

`Echo` answers with the bytes that it was asked with; `Hold` sends one message, with field 2 set, and then nothing.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
from buoy_server.rpc.listening import OPTIONS

READY = b"\x10\x01"


async def _echo(request: bytes, _context: Any) -> bytes:
    return request


async def _hold(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
    yield READY
    await asyncio.Event().wait()


async def _serve(target: str) -> None:
    server = grpc.aio.server(options=OPTIONS)
    handlers: dict[str, Any] = {
        "Echo": grpc.unary_unary_rpc_method_handler(_echo),
        "Hold": grpc.unary_stream_rpc_method_handler(_hold),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Bare", handlers),))
    server.add_insecure_port(target)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
