"""Where gRPC is served, and how.

A server listens before it has read its database, for which it may need seconds: who connects meanwhile waits, and is served
the moment that there is something to serve. Who is refused tries again when it sees fit, and that is later.
"""

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

import grpc

from buoy_server.errors import ListenError

# Each measured: see docs/decisions/0002-grpc-settings.md.
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),  # a second server on the port is refused instead of sharing it in silence
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # without it a stalled peer is noticed a minute late
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.server.max_pending_requests", 100_000),  # a storm of reconnects is queued, not refused
    ("grpc.server.max_pending_requests_hard_limit", 200_000),
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.max_send_message_length", 4 << 20),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.max_connection_age_ms", 30 * 60_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
)


def listening(targets: Sequence[str]) -> tuple[grpc.aio.Server, list[str]]:
    """Return a server that listens and serves once it is started, and its targets with their ports, or raise ListenError."""
    server = grpc.aio.server(options=OPTIONS)
    return server, [_bind(server, target) for target in targets]


def _bind(server: grpc.aio.Server, target: str) -> str:
    if target.startswith("unix:"):
        path = Path(target.removeprefix("unix:").replace("///", "/", 1))
        if not path.parent.is_dir():
            raise ListenError(f"listen: {target} cannot be served: there is no directory {path.parent}, make it first")
        _refuse_served_socket(path)
    try:
        port = server.add_insecure_port(target)
    except RuntimeError as error:
        raise ListenError(f"listen: {target} cannot be served: is another server on it?") from error
    return target if target.startswith("unix:") else f"{target.rpartition(':')[0]}:{port}"


def _refuse_served_socket(path: Path) -> None:
    """Raise ListenError when somebody serves that socket; gRPC would take it away in silence."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        raise ListenError(f"listen: another server is on {path}")
