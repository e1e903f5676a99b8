"""Channel settings: keepalive, reconnecting, and that grpc repeats calls by itself.

All calls may be repeated: reads change nothing, and what changes something bears a request id. CANCELLED is what a server
answers where too many calls come at once; what the caller itself cancels is not repeated.
"""

import json

# Whether the server answers at all is asked with a health check: any answer will do, also that it knows no such call. Python's
# grpc.channel_ready_future is not used: its thread outlives it, and fails loudly when the channel is closed meanwhile.
PROBE_PATH = "/grpc.health.v1.Health/Check"
PROBE_REQUEST = b""
GLANCE = 0.1

WATCH_PATH = "/buoy.v1.InterfaceService/WatchInterface"

RETRY_POLICY = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}


# A watch has its own way to go on (watching.py), and who probes wants to know at once.
ONCE = [{"service": "buoy.v1.InterfaceService", "method": "WatchInterface"}, {"service": "grpc.health.v1.Health"}]


def service_config() -> str:
    """Give the service config as grpc wants it, in JSON."""
    repeat = {"name": [{}], "waitForReady": True, "retryPolicy": RETRY_POLICY}
    return json.dumps({"methodConfig": [repeat, {"name": ONCE, "waitForReady": True}]})


def channel_options() -> list[tuple[str, str | int]]:
    """Give the channel's options; the server permits pings every 5 s, so 20 s is polite."""
    return [
        ("grpc.service_config", service_config()),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.ping_timeout_ms", 10_000),  # without it a stalled server is noticed a minute later
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.max_receive_message_length", 16 * 1024 * 1024),
        ("grpc.per_rpc_retry_buffer_size", 2 * 1024 * 1024),  # a larger request would not be repeated; the server takes 1 MiB
        ("grpc.http2.bdp_probe", 0),  # a watcher that falls behind buffers 96 KB in the server, not 6 MB
    ]


def unreachable(target: str, seconds: float) -> str:
    """Give the words for a server that cannot be reached."""
    return f"cannot reach a Buoy server at {target} within {seconds:g} s"
