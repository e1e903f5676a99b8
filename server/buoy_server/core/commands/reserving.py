"""Reserving addresses of pools for a namespace, which then has them until it releases them."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from buoy_server.core import addresses, errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.namespaces import ensure_namespace
from buoy_server.core.model import Reservation, ReservationType
from buoy_server.core.state import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveAddress:
    """Keep an address for a namespace, a given one or one at random."""

    namespace: str
    address: IPv4Address | None = None
    pool_ref: str = ""
    comment: str = ""

    def decide(self, draft: Draft, context: Context) -> Reservation:
        """Return the record of the address; one that the namespace has already is kept from now on."""
        namespace = ensure_namespace(draft, context.caller, self.namespace)
        pool = lookup.pool(draft, self.pool_ref, field="pool") if self.pool_ref else None
        return addresses.reserve(draft, context, namespace, self.address, pool, self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAddress:
    """End the reservation of an address."""

    address: IPv4Address

    def decide(self, draft: Draft, context: Context) -> Reservation:
        """Return the record of the address: it rests; one that is in use goes on, and rests after that."""
        record = lookup.address(draft, context.caller, self.address)
        if record.type is ReservationType.DELETION_HALO:
            return record
        if not record.kept:
            words = f"{self.address} is not reserved: it is {record.type}, and rests when it is given back"
            raise errors.NotReady(words, field="address")
        given_up = replace(record, kept=False)
        if record.type is not ReservationType.RESERVED:
            return draft.put(given_up)
        return addresses.release(draft, given_up, "reservation released")
