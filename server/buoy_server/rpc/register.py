"""Putting services on the server: handlers by the names in the contract, around each what all of them need.

A service is a class with one method for each RPC of its descriptor, that takes the request and the caller. A unary method
returns a message, or bytes where the answer is serialized already; a streaming one is an async generator of the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from buoy_server.core.errors import DomainError
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.rpc.status import to_status

DEFAULT_DEADLINE = 30.0  # seconds, for a unary call that brings none

Context = Any  # grpc.aio.ServicerContext, which is generic for type checkers only
log = structlog.get_logger()


def register(server: grpc.aio.Server, descriptor: ServiceDescriptor, service: object) -> None:
    """Serve every RPC of a service descriptor; a missing method is an AttributeError at once."""
    handlers = {method.name: _handler(method, getattr(service, method.name)) for method in descriptor.methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))


def caller_of(_context: Context) -> Caller:
    """Return who calls; without tokens (--insecure) that is `system`."""
    return Caller(SYSTEM)


def _handler(method: MethodDescriptor, call: Callable[..., Any]) -> "grpc.RpcMethodHandler[Any, Any]":
    request_class: Any = GetMessageClass(method.input_type)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(_streaming(call), request_class.FromString, _serialized)
    return grpc.unary_unary_rpc_method_handler(_unary(call), request_class.FromString, _serialized)


def _unary(call: Callable[[Any, Caller], Awaitable[Message | bytes]]) -> Callable[[Any, Context], Awaitable[Message | bytes]]:
    async def handle(request: Any, context: Context) -> Message | bytes:
        try:
            if context.time_remaining() is not None:
                return await call(request, caller_of(context))
            async with asyncio.timeout(DEFAULT_DEADLINE):
                return await call(request, caller_of(context))
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"no answer within {DEFAULT_DEADLINE:.0f} s")
        except DomainError as error:
            await context.abort_with_status(to_status(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, it is logged, and the caller gets its number
            await _abort_unknown(context, error)
        raise AssertionError("unreachable: abort raises")

    return handle


def _streaming(call: Callable[[Any, Caller], AsyncIterator[Message | bytes]]) -> Callable[[Any, Context], Awaitable[None]]:
    async def handle(request: Any, context: Context) -> None:
        try:
            messages: Any = call(request, caller_of(context))
            async with aclosing(messages):
                async for message in messages:
                    await context.write(message)
        except DomainError as error:
            await context.abort_with_status(to_status(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, it is logged, and the caller gets its number
            await _abort_unknown(context, error)

    return handle


async def _abort_unknown(context: Context, error: Exception) -> None:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    incident = uuid4().hex[:12]
    log.error("call failed", incident=incident, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"the server failed: its log has more under incident {incident}")


def _serialized(answer: Message | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.SerializeToString()
