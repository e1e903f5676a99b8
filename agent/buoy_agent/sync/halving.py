"""What the kernel takes all at once or, where it refuses, in halves, so that one bad entry stands alone.

What makes it refuse may as well concern everything (an uplink that is gone). Looking for bad entries one by one would then take
hours; when many have been found, what else is refused is refused as it is, good entries among it. It is halved by chance, so
that these come in with the next tries.
"""

import random
from collections.abc import Callable

from buoy_agent.core.actual import Parts
from buoy_agent.core.spec import Address
from buoy_agent.errors import KernelError

MANY = 16


def in_halves(parts: Parts, do: Callable[[Parts], None], again: Callable[[Parts], Parts]) -> dict[Address, KernelError]:
    """Does what the kernel takes, and returns the addresses that it refused, on their own or with others.

    After a refusal `again` says of each part that is yet to be done what of it is still to be.
    """
    refused: dict[Address, KernelError] = {}
    waiting, failed = [parts], False
    while waiting:
        part = again(waiting.pop()) if failed else waiting.pop()
        if not part.addresses:
            continue
        try:
            do(part)
        except KernelError as error:
            failed = True
            if len(part.addresses) == 1 or len(refused) >= MANY:
                refused.update(dict.fromkeys(part.addresses, error))
                continue
            addresses = random.sample(list(part.addresses), len(part.addresses))
            middle = len(addresses) // 2
            waiting += [part.only(set(addresses[middle:])), part.only(set(addresses[:middle]))]
    return refused
