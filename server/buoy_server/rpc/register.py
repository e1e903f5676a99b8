"""Putting the application layer on a gRPC server: credentials in, deadlines, and errors as statuses out."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import grpc
import structlog
from google.protobuf.message import Message

from buoy_server.auth.authenticator import Credentials
from buoy_server.core.errors import DomainError, StreamExpired
from buoy_server.rpc.dispatch import Dispatcher, Method
from buoy_server.rpc.status import to_status

DEFAULT_DEADLINE = 30.0  # seconds, for a unary call that brings none
STREAM_AGE = (30 * 60.0, 60 * 60.0)  # seconds after which a stream ends, at random between them: none lives for ever
CLUSTER_ID = "buoy-cluster-id"  # metadata of every answer

Context = Any  # grpc.aio.ServicerContext, which is generic for type checkers only
log = structlog.get_logger()


def register(server: grpc.aio.Server, dispatcher: Dispatcher) -> None:
    """Serve every RPC of a dispatcher."""
    for name, methods in dispatcher.services():
        handlers = {short: _handler(method, dispatcher) for short, method in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))


def credentials_of(context: Context) -> Credentials:
    """Return what came with a call."""
    metadata = dict(context.invocation_metadata() or ())
    return Credentials(str(metadata.get("authorization", "")), context.peer().rpartition(":")[0])


def _handler(method: Method, dispatcher: Dispatcher) -> "grpc.RpcMethodHandler[Any, Any]":
    if method.descriptor.server_streaming:
        handler = _streaming(method, dispatcher)
        return grpc.unary_stream_rpc_method_handler(handler, method.request_class.FromString, _serialized)
    return grpc.unary_unary_rpc_method_handler(_unary(method, dispatcher), method.request_class.FromString, _serialized)


def _unary(method: Method, dispatcher: Dispatcher) -> Callable[[Any, Context], Awaitable[Message | bytes]]:
    async def handle(request: Any, context: Context) -> Message | bytes:
        try:
            context.set_trailing_metadata(_trailer(dispatcher))
            credentials = credentials_of(context)
            caller = dispatcher.admit(method, credentials)
            if context.time_remaining() is not None:
                return await dispatcher.serve(method, request, caller, credentials)
            async with asyncio.timeout(DEFAULT_DEADLINE):
                return await dispatcher.serve(method, request, caller, credentials)
        except TimeoutError:
            words = f"no answer within {DEFAULT_DEADLINE:.0f} s"
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, words, _trailer(dispatcher))
        except Exception as error:  # noqa: BLE001 - a refusal, or logged
            await _refuse(context, dispatcher, error)
        raise AssertionError("unreachable: abort raises")

    return handle


def _streaming(method: Method, dispatcher: Dispatcher) -> Callable[[Any, Context], Awaitable[None]]:
    async def handle(request: Any, context: Context) -> None:
        try:
            caller = dispatcher.admit(method, credentials_of(context))
            messages: Any = method.serve(request, caller)
            async with asyncio.timeout(random.uniform(*STREAM_AGE)), aclosing(messages):  # noqa: S311 - no secret
                async for message in messages:
                    await context.write(message)
        except TimeoutError:
            await _refuse(context, dispatcher, StreamExpired("this stream has lived for long enough: resume it"))
        except Exception as error:  # noqa: BLE001 - a refusal, or logged
            await _refuse(context, dispatcher, error)

    return handle


async def _refuse(context: Context, dispatcher: Dispatcher, error: Exception) -> None:
    """End a call with an error; of one that nobody expected, the caller gets the number that it has in the log."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, DomainError):
        status = to_status(error)
        await context.abort(status.code, status.details, (*status.trailing_metadata, *_trailer(dispatcher)))
    incident = uuid4().hex[:12]
    log.error("call failed", incident=incident, exc_info=error)
    words = f"the server failed: its log has more under incident {incident}"
    await context.abort(grpc.StatusCode.INTERNAL, words, _trailer(dispatcher))


def _trailer(dispatcher: Dispatcher) -> tuple[tuple[str, str], ...]:
    return ((CLUSTER_ID, dispatcher.cluster_id),)


def _serialized(answer: Message | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.SerializeToString()
