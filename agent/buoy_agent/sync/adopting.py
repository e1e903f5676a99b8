"""Looking for NICs to adopt, which somebody else makes: all at once, however many are missing."""

from collections.abc import Sequence

import structlog

from buoy_agent.core.actual import Actual
from buoy_agent.core.missing import Missing
from buoy_agent.core.retry import Faults
from buoy_agent.core.spec import Driver, InterfaceId, Nic
from buoy_agent.errors import KernelError
from buoy_agent.kernel.port import Kernel

log = structlog.get_logger()


def come(kernel: Kernel, missing: Missing, now: float) -> set[InterfaceId]:
    """Those that were missing and are there now, where it is time to look; where that cannot be read, it is seen later."""
    if missing.due is None or missing.due > now:
        return set()
    try:
        return missing.find(kernel.read_names(), now)
    except KernelError as error:
        log.warning("the host's links cannot be read", error=str(error))
        return missing.find((), now)


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
    for nic in absent:
        if nic.interface in gone:
            faults.missing.add(nic, now)
    if gone:
        log.info("waiting for NICs", missing=len(gone), first=min(gone))
    return [nic for nic in nics if nic.interface not in gone]
