"""Looks at the flows of addresses that drain, and ends the drains that are through."""

from collections.abc import Collection

import structlog

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Desired, Scope
from buoy_agent.core.draining import Drains, Key
from buoy_agent.core.spec import Address, NetworkId
from buoy_agent.errors import KernelError
from buoy_agent.kernel.port import Kernel

log = structlog.get_logger()


def end_drains(drains: Drains, desired: Desired, actual: Actual, kernel: Kernel, now: float) -> Scope:
    """Ends the drains that have no flows any more, or no time; what they leave is cut as after any defloat."""
    scope, due = Scope(), dict(drains.due(now))
    addresses: dict[NetworkId, dict[Address, Key]] = {}
    for key in due:
        want = desired.targets.float_of(key[1])
        if want is not None and want.draining and want.owner == key[0]:
            addresses.setdefault(want.network, {})[key[1]] = key
        elif desired.staging:
            drains.look_again(key, now)
        else:
            drains.forget(key)
    for network, keys in addresses.items():
        flowing = _flowing(kernel, actual, network, keys)
        for address, key in keys.items():
            if due[key] or address not in flowing:
                drains.end(key, desired.end_drain(*key, scope))
            else:
                drains.look_again(key, now)
    return scope


def _flowing(kernel: Kernel, actual: Actual, network: NetworkId, addresses: Collection[Address]) -> Collection[Address]:
    """Of some addresses, those with live flows: all, where that cannot be read."""
    if network not in actual.networks:
        return ()  # they went with the namespace
    try:
        return kernel.flowing(network, addresses)
    except KernelError as error:
        log.warning("flows cannot be read", network=network, error=str(error))
        return addresses
