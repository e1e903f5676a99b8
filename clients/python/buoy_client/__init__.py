"""Python SDK of Buoy: network interfaces of instances and their floating addresses.

`BuoyClient` blocks, `AsyncBuoyClient` is for asyncio; both have the same calls.
"""

from buoy_client.aio import AsyncBuoyClient, AsyncInterfaceWatch
from buoy_client.client import BuoyClient, InterfaceWatch
from buoy_client.config import ConfigError
from buoy_client.errors import (
    Aborted,
    AlreadyExists,
    BuoyError,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    FieldViolation,
    InternalError,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    WaitFailed,
    WaitTimeout,
)
from buoy_client.models import (
    Cause,
    Floating,
    FloatingGateway,
    Instance,
    Interface,
    InterfaceEvent,
    InterfaceSpec,
    Network,
    Node,
    Pool,
    PoolUsage,
)
from buoy_client.states import EventType, FloatingPhase, InstanceDriver, InstanceState, InterfaceState, NetworkState, NodeState

__version__ = "0.1.0"

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncBuoyClient",
    "AsyncInterfaceWatch",
    "BuoyClient",
    "BuoyError",
    "Cancelled",
    "Cause",
    "ConfigError",
    "DeadlineExceeded",
    "EventType",
    "FailedPrecondition",
    "FieldViolation",
    "Floating",
    "FloatingGateway",
    "FloatingPhase",
    "Instance",
    "InstanceDriver",
    "InstanceState",
    "Interface",
    "InterfaceEvent",
    "InterfaceSpec",
    "InterfaceState",
    "InterfaceWatch",
    "InternalError",
    "InvalidArgument",
    "Network",
    "NetworkState",
    "Node",
    "NodeState",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "Pool",
    "PoolUsage",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "WaitFailed",
    "WaitTimeout",
]
