"""Commands on the addresses that rest after their release."""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address

from buoy_server.core import addresses, errors
from buoy_server.core.command import Context
from buoy_server.core.model import Reservation
from buoy_server.core.state import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftQuarantine:
    """End the rest of an address."""

    address: IPv4Address

    def decide(self, draft: Draft, context: Context) -> Reservation:
        """Return its record as it was; the address is free."""
        del context
        record = _resting(draft, self.address)
        draft.forget(record)
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendQuarantine:
    """Let an address rest for so long from now, and not be handed out before however full its pool is."""

    address: IPv4Address
    duration: timedelta

    def decide(self, draft: Draft, context: Context) -> Reservation:
        """Return its record; whose it was before a namespace of the same name was made anew gets no right to it by that."""
        del context
        record, until = _resting(draft, self.address), draft.now + self.duration
        namespace = record.namespace if addresses.is_of(draft, record, record.namespace) else ""
        return draft.put(replace(record, namespace=namespace, until=max(record.until or until, until), extended=True))


def _resting(draft: Draft, address: IPv4Address) -> Reservation:
    record = addresses.record_of(draft, None, address)
    if record is None or not record.until:
        raise errors.NotResting(f"{address} does not rest", field="address")
    return record
