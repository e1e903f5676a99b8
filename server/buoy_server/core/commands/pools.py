"""Commands on pools of floating addresses."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from buoy_server.core import addresses, errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.plug import provide_gateways
from buoy_server.core.model import Network, Pool, PoolId
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Draft, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePool:
    """Create a pool; its ranges overlap no other pool's and no network's netblock."""

    name: str
    ranges: tuple[AddressRange, ...]
    exclusions: tuple[AddressRange, ...]
    quarantine: timedelta

    def decide(self, draft: Draft, context: Context) -> tuple[Pool, dict[str, int]]:
        """Return the new pool and its usage."""
        if draft.find(Kind.POOL, "name", self.name):
            raise errors.NameInUse(f"there is a pool named {self.name}", field="name")
        self._refuse_overlaps(draft)
        pool = draft.put(
            Pool(
                uuid=PoolId(context.new_uuid()),
                name=self.name,
                ranges=self.ranges,
                exclusions=self.exclusions,
                quarantine=self.quarantine,
            )
        )
        for range_ in self.ranges:
            if range_.block:
                addresses.reserve_block(draft, range_, pool)
        for network in self._networks(draft):
            provide_gateways(draft, context, network)
        return pool, addresses.usage(draft, pool)

    def _networks(self, draft: Draft) -> list[Network]:
        return [cast("Network", draft.get(Kind.NETWORK, key)) for key in draft.keys(Kind.NETWORK)]

    def _refuse_overlaps(self, draft: Draft) -> None:
        networks = self._networks(draft)
        for index, range_ in enumerate(self.ranges):
            field = f"ranges[{index}]"
            for earlier in self.ranges[:index]:
                if range_.overlaps(earlier):
                    raise errors.Malformed(f"{range_} overlaps {earlier}", field=field)
            for pool in lookup.pools(draft):
                if any(range_.overlaps(other) for other in pool.ranges):
                    raise errors.PoolOverlap(f"{range_} overlaps pool {pool.name}", field=field)
            for network in networks:
                if network.live and range_.overlaps(addresses.netblock_range(network.netblock)):
                    raise errors.NetblockOverlapsPool(f"{range_} overlaps network {network.name}", field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePool:
    """Delete a pool of which no address is in use."""

    pool_ref: str

    def decide(self, draft: Draft, context: Context) -> Pool:
        """Return the pool as it was."""
        del context
        pool = lookup.pool(draft, self.pool_ref)
        usage = addresses.usage(draft, pool)
        if used := usage["in_use"]:
            raise errors.PoolInUse(f"pool {pool.name} has {used} addresses in use: defloat them first", field="pool_ref")
        if kept := usage["kept"]:
            words = f"namespaces have {kept} addresses of pool {pool.name} reserved: release them first"
            raise errors.PoolInUse(words, field="pool_ref")
        for key in list(draft.find(Kind.RESERVATION, "pool", pool.uuid)):
            record = draft.get(Kind.RESERVATION, key)
            if record is not None:
                draft.forget(record)
        draft.forget(pool)
        return pool
