"""Looking for NICs to adopt, which somebody else makes: all at once, however many are missing."""

from collections.abc import Iterable, Mapping, Sequence

import structlog

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Targets
from buoy_agent.core.missing import Missing, named
from buoy_agent.core.retry import Faults
from buoy_agent.core.spec import Binding, Driver, InterfaceId, Nic
from buoy_agent.errors import KernelError
from buoy_agent.kernel.port import Kernel

log = structlog.get_logger()


def come(kernel: Kernel, missing: Missing, bindings: Mapping[InterfaceId, Binding], now: float) -> set[InterfaceId]:
    """Those that were missing and are there now, where it is time to look; where that cannot be read, it is seen later."""
    if missing.due is None or missing.due > now:
        return set()
    try:
        return missing.find(kernel.read_names(), bindings, now)
    except KernelError as error:
        log.warning("the host's links cannot be read", error=str(error))
        return missing.find(frozenset(), bindings, now)


def look_for_all(targets: Targets, actual: Actual, kernel: Kernel, missing: Missing, now: float) -> None:
    """Notes which NICs to adopt are missing, before all are planned; where that cannot be read, it is seen of each then."""
    absent = {binding.interface: binding for binding in _absent(targets, actual)}
    if not absent:
        return
    try:
        names = kernel.read_names()
    except KernelError as error:
        log.warning("the host's links cannot be read", error=str(error))
        return
    missing.add(absent.keys() - named(absent.values(), names), now)
    _say(missing)


def _absent(targets: Targets, actual: Actual) -> Iterable[Binding]:
    for network, members in targets.members.items():
        state = actual.networks.get(network)
        absent = members if state is None else members - state.nics.keys()
        bindings = (targets.bindings[interface] for interface in absent)
        yield from (binding for binding in bindings if binding.driver is Driver.ADOPT)


def without_missing(nics: Sequence[Nic], actual: Actual, kernel: Kernel, faults: Faults, now: float) -> list[Nic]:
    """NICs to make without those that are not there, which are noted as missing; where that cannot be read, as failed."""
    absent = [nic for nic in nics if nic.driver is Driver.ADOPT and nic.interface not in actual.networks[nic.network].nics]
    try:
        gone = kernel.read_missing(absent) if absent else set()
    except KernelError as error:
        log.warning("the host's links cannot be read", error=str(error))
        for nic in absent:
            faults.add(("nic", nic.interface), str(error), now)
        return [nic for nic in nics if nic not in absent]
    faults.missing.add(gone, now)
    if gone:
        _say(faults.missing)
    return [nic for nic in nics if nic.interface not in gone]


def _say(missing: Missing) -> None:
    if missing.interfaces:
        log.info("waiting for NICs", missing=len(missing.interfaces), first=min(missing.interfaces))
