"""What can go wrong, as the caller is told.

DomainError
  Malformed             the request itself is wrong
    MetadataTooLarge  AddressOutsideNetblock  AddressOutsidePool  RequestIdReused
  NotFound              absent, or not the caller's to see: the same words for both
    InterfaceNotFound  InstanceNotFound  NetworkNotFound  PoolNotFound  NodeNotFound  NamespaceNotFound
    AddressNotFound  AddressNotRouted  QuestionNotFound
  Conflict              somebody else has it
    NameInUse  AddressInUse  MacaddrInUse  PoolOverlap
  Precondition          right request, wrong moment
    NotReady  AlreadyFloating  AddressReserved  NetworkInUse  PoolInUse  NetblockOverlapsPool  NoNode  AmbiguousName
    NamespaceInUse  RevisionInFuture  ClusterChanged  RightsChanged  PoolDraining  NotResting  NotFloating  OtherNamespace
    NodeInUse
  RevisionChanged       the object has changed since the caller saw it
  Exhausted             nothing left
    PoolExhausted  NetworkFull  QuotaExceeded  TooManyAttempts  StorageFull
  Unauthenticated       who are you?
  PermissionDenied      you are known, and may not
  Compacted             history is gone: list again
  Superseded            a newer stream took over
  Unavailable           try again
    StorageUnavailable  ShuttingDown  StreamExpired
"""

from typing import ClassVar


class DomainError(Exception):
    """An answer to the caller: `reason` for programs, the text for people, `field` where one input is to blame."""

    reason: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Malformed(DomainError):
    reason = "MALFORMED"


class MetadataTooLarge(Malformed):
    reason = "METADATA_TOO_LARGE"


class AddressOutsideNetblock(Malformed):
    reason = "ADDRESS_OUTSIDE_NETBLOCK"


class AddressOutsidePool(Malformed):
    reason = "ADDRESS_OUTSIDE_POOL"


class RequestIdReused(Malformed):
    reason = "REQUEST_ID_REUSED"


class NotFound(DomainError):
    """Absent, or not the caller's: `kind` and `ref` name what was asked for."""

    kind: ClassVar[str] = "object"

    def __init__(self, ref: str, *, field: str = "") -> None:
        super().__init__(f"{self.kind} not found: {ref}", field=field)
        self.ref = ref


class InterfaceNotFound(NotFound):
    reason = "INTERFACE_NOT_FOUND"
    kind = "interface"


class InstanceNotFound(NotFound):
    reason = "INSTANCE_NOT_FOUND"
    kind = "instance"


class NetworkNotFound(NotFound):
    reason = "NETWORK_NOT_FOUND"
    kind = "network"


class PoolNotFound(NotFound):
    reason = "POOL_NOT_FOUND"
    kind = "pool"


class NodeNotFound(NotFound):
    reason = "NODE_NOT_FOUND"
    kind = "node"


class NamespaceNotFound(NotFound):
    reason = "NAMESPACE_NOT_FOUND"
    kind = "namespace"


class AddressNotFound(NotFound):
    reason = "ADDRESS_NOT_FOUND"
    kind = "address"


class AddressNotRouted(NotFound):
    reason = "ADDRESS_NOT_ROUTED"
    kind = "routed address"


class QuestionNotFound(NotFound):
    reason = "QUESTION_NOT_FOUND"
    kind = "question"


class Conflict(DomainError):
    reason = "CONFLICT"


class NameInUse(Conflict):
    reason = "NAME_IN_USE"


class AddressInUse(Conflict):
    reason = "ADDRESS_IN_USE"


class MacaddrInUse(Conflict):
    reason = "MACADDR_IN_USE"


class PoolOverlap(Conflict):
    reason = "POOL_OVERLAP"


class Precondition(DomainError):
    reason = "PRECONDITION"


class NotReady(Precondition):
    reason = "NOT_READY"


class AlreadyFloating(Precondition):
    reason = "ALREADY_FLOATING"


class AddressReserved(Precondition):
    reason = "ADDRESS_RESERVED"


class NetworkInUse(Precondition):
    reason = "NETWORK_IN_USE"


class PoolInUse(Precondition):
    reason = "POOL_IN_USE"


class NetblockOverlapsPool(Precondition):
    reason = "NETBLOCK_OVERLAPS_POOL"


class NoNode(Precondition):
    reason = "NO_NODE"


class AmbiguousName(Precondition):
    reason = "AMBIGUOUS_NAME"


class NamespaceInUse(Precondition):
    reason = "NAMESPACE_IN_USE"


class NodeInUse(Precondition):
    reason = "NODE_IN_USE"


class NotFloating(Precondition):
    reason = "NOT_FLOATING"


class OtherNamespace(Precondition):
    reason = "OTHER_NAMESPACE"


class RevisionInFuture(Precondition):
    reason = "REVISION_IN_FUTURE"


class ClusterChanged(Precondition):
    reason = "CLUSTER_CHANGED"


class RightsChanged(Precondition):
    reason = "RIGHTS_CHANGED"


class PoolDraining(Precondition):
    reason = "POOL_DRAINING"


class NotResting(Precondition):
    reason = "NOT_RESTING"


class RevisionChanged(DomainError):
    reason = "REVISION_CHANGED"


class Exhausted(DomainError):
    reason = "EXHAUSTED"


class PoolExhausted(Exhausted):
    reason = "POOL_EXHAUSTED"


class NetworkFull(Exhausted):
    reason = "NETWORK_FULL"


class QuotaExceeded(Exhausted):
    reason = "QUOTA_EXCEEDED"


class TooManyAttempts(Exhausted):
    reason = "TOO_MANY_ATTEMPTS"


class StorageFull(Exhausted):
    reason = "STORAGE_FULL"


class Unauthenticated(DomainError):
    reason = "UNAUTHENTICATED"


class PermissionDenied(DomainError):
    reason = "PERMISSION_DENIED"


class Compacted(DomainError):
    """`compact_revision` is the oldest revision that a watch can still start from."""

    reason = "COMPACTED"

    def __init__(self, compact_revision: int) -> None:
        super().__init__(f"history before revision {compact_revision} is gone: list again", field="start_revision")
        self.compact_revision = compact_revision


class Superseded(DomainError):
    reason = "SUPERSEDED"


class Unavailable(DomainError):
    reason = "UNAVAILABLE"


class StorageUnavailable(Unavailable):
    reason = "STORAGE_UNAVAILABLE"


class ShuttingDown(Unavailable):
    reason = "SHUTTING_DOWN"


class StreamExpired(Unavailable):
    reason = "STREAM_EXPIRED"
