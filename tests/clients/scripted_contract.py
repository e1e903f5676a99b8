"""What the contract says of all calls, as a server interceptor: cluster ids, least revisions, answers to repeats."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.rpc import code_pb2

from tests.clients.scripted_world import World, rich_error, to_status

Handler = Any  # grpc.RpcMethodHandler
FUTURE = rich_error(code_pb2.FAILED_PRECONDITION, "REVISION_IN_FUTURE", "the server has not come that far")


class Contract(grpc.ServerInterceptor):
    """Keeps what was asked and answered, so that the tests can look at it."""

    def __init__(self, world: World) -> None:
        """Take the world."""
        self._world = world
        self._answers: dict[str, Any] = {}
        self._attempts: dict[str, threading.Lock] = {}

    def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Handler], details: grpc.HandlerCallDetails
    ) -> Handler:
        """Wrap a unary method."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = str(details.method).rpartition("/")[2]

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            context.set_trailing_metadata((("buoy-cluster-id", self._world.cluster_id),))
            self._world.asked[method].append(request)
            if getattr(request, "min_revision", 0) > self._world.revision:
                refusal = to_status(FUTURE)
                context.set_trailing_metadata((*refusal.trailing_metadata, ("buoy-cluster-id", self._world.cluster_id)))
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal.details)
            given = getattr(request, "request_id", "")
            if not given:
                return handler.unary_unary(request, context)
            with self._attempts.setdefault(given, threading.Lock()):  # a repeat waits for the first, which may be at it still
                if given not in self._answers:
                    self._answers[given] = handler.unary_unary(request, context)
                return self._answers[given]

        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)
