"""The lives of objects, as lower-case words. A value this SDK does not know yet reads as `unknown`."""

from enum import StrEnum


class InterfaceState(StrEnum):
    """INITIAL -> CREATED | DELETED | ERROR; CREATED -> DELETED | ERROR; ERROR -> DELETED."""

    UNKNOWN = "unknown"
    INITIAL = "initial"
    CREATED = "created"
    DELETED = "deleted"
    ERROR = "error"


class FloatingPhase(StrEnum):
    """PENDING -> ACTIVE -> RELEASING -> gone; FAILED is retried by the node."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    ACTIVE = "active"
    RELEASING = "releasing"
    FAILED = "failed"


class FlowPolicy(StrEnum):
    """What becomes of the live connections of a floating address that is given up."""

    UNKNOWN = "unknown"
    CUT = "cut"
    DRAIN = "drain"
    KEEP = "keep"


class InstanceState(StrEnum):
    """The life of an instance."""

    UNKNOWN = "unknown"
    INITIAL = "initial"
    PREFLIGHT = "preflight"
    CREATING = "creating"
    CREATED = "created"
    DELETE_WAIT = "delete-wait"
    DELETED = "deleted"
    ERROR = "error"


class InstanceDriver(StrEnum):
    """Who makes the NICs of an instance: the agent (netns), or somebody else (adopt)."""

    UNKNOWN = "unknown"
    NETNS = "netns"
    ADOPT = "adopt"


class NetworkState(StrEnum):
    """The life of a network."""

    UNKNOWN = "unknown"
    INITIAL = "initial"
    CREATED = "created"
    DELETE_WAIT = "delete-wait"
    DELETED = "deleted"
    ERROR = "error"


class NodeState(StrEnum):
    """Where a node stands."""

    UNKNOWN = "unknown"
    CREATED = "created"
    MISSING = "missing"
    ERROR = "error"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DELETED = "deleted"


class RoutedPhase(StrEnum):
    """PENDING -> ACTIVE -> RELEASING -> gone; FAILED is retried by the node."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    ACTIVE = "active"
    RELEASING = "releasing"
    FAILED = "failed"


class ReservationType(StrEnum):
    """What holds an address; DELETION_HALO is the rest after a release."""

    UNKNOWN = "unknown"
    NETWORK = "network"
    BROADCAST = "broadcast"
    GATEWAY = "gateway"
    FLOATING = "floating"
    ROUTED = "routed"
    INSTANCE = "instance"
    DELETION_HALO = "deletion-halo"
    RESERVED = "reserved"


class EventType(StrEnum):
    """What an event says: SNAPSHOT is the object as it was when the watch started."""

    UNKNOWN = "unknown"
    SNAPSHOT = "snapshot"
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class EventKind(StrEnum):
    """What kind of happening: a request (audit), what is not interpreted (mutate), progress (status), shortage (resources)."""

    UNKNOWN = "unknown"
    AUDIT = "audit"
    MUTATE = "mutate"
    STATUS = "status"
    RESOURCES = "resources"
