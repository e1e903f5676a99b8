"""The table `ip buoy` of one network, as data.

Which packet crosses which hook, in the network's namespace:

    from outside     uplink -> prerouting (dnat: floating to fixed) -> forward -> postrouting -> br0
    to outside       br0 -> prerouting -> forward -> postrouting (snat: fixed to floating, or to the gateway address) -> uplink
    hairpin          br0 -> prerouting (dnat) -> forward -> postrouting (snat, or the bridge's own address) -> br0

Packets of a float are counted in `forward`, behind dnat and before snat, hence under the fixed address: what goes between
uplink and bridge, nothing that stays inside. A counter appears with the first packet, so that a load of 100,000 floats costs
nothing more, and goes with the float. For each packet after that one a single look-up finds the counter, counts, and ends the
chain. Comparisons of the header stand before those of names, which cost more (docs/decisions/0021).

A hairpinned packet needs another source, or its answer would go straight to the neighbour, past the translation. The rules
depend on the network alone; a float is an element in each of the two maps. NAT chains see only the first packet of a flow,
filter chains see all; `guard` stands behind srcnat (100), where what is still untranslated must not leave.

A routed address is a route on br0, and no element: nothing of it is translated. That route is also what lets an instance use
it as a source: `forward` asks the FIB, for packets from outside the netblock alone, whether the way back is by br0.
"""

import hashlib
import sys
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from buoy_agent.core.spec import Network

TABLE = "buoy"
FLOATING_TO_FIXED, FIXED_TO_FLOATING = "floating_to_fixed", "fixed_to_floating"
MAPS = (FLOATING_TO_FIXED, FIXED_TO_FLOATING)
COUNTED_IN, COUNTED_OUT = "counted_in", "counted_out"
COUNTERS = (COUNTED_IN, COUNTED_OUT)
BRIDGE, UPLINK = "br0", "uplink"
DNAT_STATUS = (1 << 5).to_bytes(4, sys.byteorder)  # IPS_DST_NAT


class Field(Enum):
    """A field of the IPv4 header, as its offset; both are 4 bytes long."""

    SOURCE = 12
    DESTINATION = 16


class Kind(Enum):
    """What a NAT statement changes, as NFTA_NAT_TYPE."""

    SNAT = 0
    DNAT = 1


@dataclass(frozen=True, slots=True)
class Load:
    """Loads a field of the IP header."""

    field: Field


@dataclass(frozen=True, slots=True)
class LoadName:
    """Loads the name of the interface that a packet came in by, or leaves by."""

    incoming: bool


@dataclass(frozen=True, slots=True)
class CtStatus:
    """Loads the status bits of the flow (host byte order)."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """Loads the index of the interface that the packet came in by, if its source is routed back by that; else 0."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Keeps the bits of what was loaded."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Compare:
    """Goes on only if what was loaded is (not) this."""

    value: bytes
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Translate:
    """Looks what was loaded up in a map, and loads what it finds; ends the rule where there is nothing."""

    map: str


@dataclass(frozen=True, slots=True)
class Member:
    """Goes on only if what was loaded is in a set; where that counts, it counts the packet (Linux 5.7)."""

    set: str


@dataclass(frozen=True, slots=True)
class Count:
    """Counts the packet under what was loaded, in a set that grows with it."""

    set: str


@dataclass(frozen=True, slots=True)
class Constant:
    """Loads a value."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Nat:
    """Rewrites the packet's address to what was loaded."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Accept:
    """Ends the chain for this packet."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Drops the packet."""


Expression = Load | LoadName | CtStatus | WayBack | Mask | Compare | Translate | Member | Count | Constant | Nat | Accept | Drop


@dataclass(frozen=True, slots=True)
class Chain:
    """A base chain: its type, its hook (NF_INET_*) and its place among the others at that hook."""

    name: str
    type: str
    hook: int
    priority: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what it does in words, and in expressions."""

    chain: str
    words: str
    expressions: tuple[Expression, ...]

    @property
    def comment(self) -> str:
        """Stands on the rule in the kernel, and changes with the rule."""
        return f"{self.words} [{_digest(repr(self.expressions))}]"


CHAINS = (
    Chain("prerouting", "nat", 0, -100),
    Chain("forward", "filter", 2, 0),
    Chain("postrouting", "nat", 4, 100),
    Chain("guard", "filter", 4, 110),
)


def rules(network: Network) -> tuple[Rule, ...]:
    """The rules of a network, in order."""
    inside = (Load(Field.SOURCE), Mask(network.netblock.netmask.packed), Compare(network.netblock.network_address.packed))
    outside = (*inside[:2], Compare(network.netblock.network_address.packed, equal=False))
    dnat = (CtStatus(), Mask(DNAT_STATUS), Compare(bytes(4), equal=False))
    no_way_back = (WayBack(), Compare(bytes(4)))
    coming = (*_comes_by(UPLINK), *_leaves_by(BRIDGE), Load(Field.DESTINATION))
    leaving = (*_comes_by(BRIDGE), *_leaves_by(UPLINK), Load(Field.SOURCE))
    listed = [
        Rule("prerouting", "floats: dnat", (Load(Field.DESTINATION), Translate(FLOATING_TO_FIXED), Nat(Kind.DNAT))),
        Rule("forward", "floats: count what comes", (*coming, Member(COUNTED_IN), Accept())),
        Rule("forward", "floats: count what leaves", (*leaving, Member(COUNTED_OUT), Accept())),
        Rule("forward", "no loop by the uplink", (*_comes_by(UPLINK), *_leaves_by(UPLINK), Drop())),
        Rule("forward", "no source but the network's own", (*outside, *_comes_by(BRIDGE), *no_way_back, Drop())),
        Rule("forward", "floats: the first that comes", (*coming, *_first_counted(Field.DESTINATION, COUNTED_IN))),
        Rule("forward", "floats: the first that leaves", (*leaving, *_first_counted(Field.SOURCE, COUNTED_OUT))),
        Rule("postrouting", "floats: snat", (Load(Field.SOURCE), Translate(FIXED_TO_FLOATING), Nat(Kind.SNAT))),
        Rule("postrouting", "hairpin", (*inside, *_leaves_by(BRIDGE), *dnat, Constant(network.gateway), Nat(Kind.SNAT))),
    ]
    if network.egress is not None:
        egress = (*inside, *_leaves_by(UPLINK), Constant(network.egress), Nat(Kind.SNAT))
        listed.append(Rule("postrouting", "egress without a float", egress))
    listed.append(Rule("guard", "nothing private leaves", (*inside, *_leaves_by(UPLINK), Drop())))
    return tuple(listed)


@lru_cache(maxsize=1 << 14)
def digest(network: Network) -> str:
    """Names the state that a network's rules, maps and links should have; equal means nothing to do."""
    return state_digest(
        f"{network.gateway.hex()}/{network.netblock.prefixlen}", tuple((rule.chain, rule.comment) for rule in rules(network))
    )


@lru_cache(maxsize=1 << 10)  # most networks of a node are alike but for their address
def state_digest(bridge_address: str, chain_comments: tuple[tuple[str, str], ...]) -> str:
    """The same digest, from what was read in the kernel: the bridge's address, and the rules' comments by chain."""
    order = {chain.name: position for position, chain in enumerate(CHAINS)}
    listed = sorted(chain_comments, key=lambda entry: order.get(entry[0], len(order)))  # stable: the order in a chain stays
    return _digest(repr((bridge_address, listed)))


def _comes_by(name: str) -> tuple[Expression, ...]:
    return LoadName(incoming=True), Compare(_padded(name))


def _leaves_by(name: str) -> tuple[Expression, ...]:
    return LoadName(incoming=False), Compare(_padded(name))


def _first_counted(field: Field, name: str) -> tuple[Expression, ...]:
    """Begins to count under a field of the header that is loaded, if that address floats."""
    return Translate(FIXED_TO_FLOATING), Load(field), Count(name)


def _padded(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")  # IFNAMSIZ


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:12]
