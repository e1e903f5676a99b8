"""What an examination finds of one interface in the kernel, link by link: values to be sent, not to be acted on."""

from dataclasses import dataclass
from enum import Enum, auto


class Link(Enum):
    """What a packet meets on this node, in its order; the names are those of the contract's PathLink."""

    EXTERNAL_INTERFACE = auto()
    ANNOUNCEMENT = auto()
    NETWORK = auto()
    UPLINK = auto()
    ROUTE = auto()
    RULES = auto()
    FLOATING_TO_FIXED = auto()
    BRIDGE = auto()
    NIC = auto()
    FIXED_TO_FLOATING = auto()
    WAY_OUT = auto()


@dataclass(frozen=True, slots=True)
class Observation:
    """One link: what is there, and what of it is not as it should be, in words."""

    link: Link
    seen: str
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """What was counted under an address."""

    packets: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Flows:
    """How many connections of an address conntrack has, by who began them."""

    incoming: int = 0
    outgoing: int = 0


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found; a link that could not be read is not in it."""

    observations: tuple[Observation, ...]
    incoming: Counter | None = None
    outgoing: Counter | None = None
    flows: Flows = Flows()
