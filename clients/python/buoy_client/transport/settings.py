"""Channel settings: keepalive, reconnecting, and which calls grpc repeats by itself.

A call is repeated on UNAVAILABLE when doing it twice is the same as doing it once. Creates (but that of a token) are not among
them: they only wait for the connection, so they are sent once or not at all.
"""

import json

# Whether the server answers at all is asked with a health check: any answer will do, also that it knows no such call. Python's
# grpc.channel_ready_future is not used: its thread outlives it, and fails loudly when the channel is closed meanwhile.
PROBE_PATH = "/grpc.health.v1.Health/Check"
PROBE_REQUEST = b""
GLANCE = 0.1

WATCH_PATH = "/buoy.v1.InterfaceService/WatchInterface"

SAFE_TO_REPEAT = {
    "InterfaceService": (
        "GetInterface",
        "ListInterfaces",
        "DeleteInterface",
        "FloatInterface",
        "DefloatInterface",
        "GetInterfaceMetadata",
        "SetInterfaceMetadataItem",
        "DeleteInterfaceMetadataItem",
        "ListInterfaceEvents",
    ),
    "InstanceService": (
        "GetInstance",
        "ListInstances",
        "ListInstanceInterfaces",
        "DeleteInstance",
        "ListInstanceEvents",
        "GetInstanceMetadata",
        "SetInstanceMetadataItem",
        "DeleteInstanceMetadataItem",
    ),
    "NetworkService": (
        "GetNetwork",
        "ListNetworks",
        "DeleteNetwork",
        "ListNetworkInterfaces",
        "ListNetworkAddresses",
        "ListNetworkEvents",
        "GetNetworkMetadata",
        "SetNetworkMetadataItem",
        "DeleteNetworkMetadataItem",
    ),
    "PoolService": ("GetPool", "ListPools", "DeletePool", "ListAddresses"),
    "NodeService": ("ListNodes", "GetNode"),
    # Not among them: DeleteNamespace, whose repeat finds nothing, and SetNamespaceKey, whose repeat makes another secret.
    "NamespaceService": (
        "CreateToken",
        "GetNamespace",
        "ListNamespaces",
        "DeleteNamespaceKey",
        "AddNamespaceTrust",
        "RemoveNamespaceTrust",
        "SetNamespaceQuota",
        "GetNamespaceMetadata",
        "SetNamespaceMetadataItem",
        "DeleteNamespaceMetadataItem",
    ),
}

RETRY_POLICY = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def service_config() -> str:
    """Give the service config as grpc wants it, in JSON."""
    names = [
        {"service": f"buoy.v1.{service}", "method": name} for service, methods in SAFE_TO_REPEAT.items() for name in methods
    ]
    repeat = {"name": names, "waitForReady": True, "retryPolicy": RETRY_POLICY}
    return json.dumps({"methodConfig": [{"name": [{}], "waitForReady": True}, repeat]})


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
        ("grpc.http2.bdp_probe", 0),  # a watcher that falls behind buffers 96 KB in the server, not 6 MB
    ]


def unreachable(target: str, seconds: float) -> str:
    """Give the words for a server that cannot be reached."""
    return f"cannot reach a Buoy server at {target} within {seconds:g} s"
