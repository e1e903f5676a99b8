"""What the server does by itself as time goes by."""

from dataclasses import dataclass
from datetime import timedelta

from buoy_server.core.command import Context
from buoy_server.core.state import Draft, Kind, bucket_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireQuarantine:
    """Free the addresses that have rested long enough, at most `limit` of them."""

    limit: int = 1000

    def decide(self, draft: Draft, context: Context) -> int:
        """Return how many were freed."""
        del context
        return _forget(draft, Kind.RESERVATION, "until", bucket_of(draft.now), self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDeleted:
    """Forget objects that were deleted longer ago than `keep`, at most `limit` of each kind."""

    keep: timedelta
    limit: int = 1000

    def decide(self, draft: Draft, context: Context) -> int:
        """Return how many were forgotten."""
        del context
        due = bucket_of(draft.now - self.keep)
        kinds = (Kind.INTERFACE, Kind.INSTANCE, Kind.NETWORK)
        return sum(_forget(draft, kind, "deleted", due, self.limit) for kind in kinds)


def _forget(draft: Draft, kind: Kind, index: str, due: int, limit: int) -> int:
    buckets = sorted(bucket for bucket in draft.values(kind, index) if isinstance(bucket, int) and bucket < due)
    keys = [key for bucket in buckets for key in draft.find(kind, index, bucket)][:limit]
    for key in keys:
        record = draft.get(kind, key)
        if record is not None:
            draft.forget(record)
    return len(keys)
