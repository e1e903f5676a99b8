"""Why a packet reaches an interface, or does not: the chain of links in the order in which a packet from outside meets them.

The chain is `CHAIN`, a table: what each link is called, how it is judged, and what to do where it is broken. What a node's
kernel has is seen by its agent; here it is put between what was asked for and what was reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from buoy_server.core.model import Interface
from buoy_server.core.states import FloatingPhase, InterfaceState


class PathLink(StrEnum):
    """The links by name."""

    INTERFACE = "interface"
    FLOATING = "floating"
    NODE = "node"
    AGENT = "agent"
    EXTERNAL_INTERFACE = "external-interface"
    ANNOUNCEMENT = "announcement"
    NETWORK = "network"
    UPLINK = "uplink"
    ROUTE = "route"
    RULES = "rules"
    FLOATING_TO_FIXED = "floating-to-fixed"
    BRIDGE = "bridge"
    NIC = "nic"
    FIXED_TO_FLOATING = "fixed-to-floating"
    WAY_OUT = "way-out"
    REPORT = "report"


class LinkState(StrEnum):
    """How a link is."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the agent saw of one link, and what of it is wrong."""

    seen: str
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the agent answered: the generation that it works with (0: it knows of none), what failed, and what it saw."""

    generation: int
    fault: str = ""
    observations: Mapping[PathLink, Observation] = field(default_factory=dict)
    packets_in: int = 0
    packets_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that is known of an interface; `silent` is for how many seconds its node's agent has said nothing, None: ever."""

    interface: Interface
    connected: bool
    silent: float | None
    examined: Examined | None = None
    unanswered: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a link is, what was seen, and what is wrong; without words it is as it should be.

    What `follows` is only what another broken link leads to; `advice` is for where the row's own does not fit.
    """

    state: LinkState
    seen: str = ""
    wrong: str = ""
    follows: bool = False
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """One link of an explanation."""

    link: PathLink
    title: str
    finding: Finding
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The links, the first broken one that follows from no other, and how it is and what to do, in a sentence each."""

    links: Sequence[Explained]
    broken: PathLink | None
    summary: str
    advice: str


def explain(situation: Situation) -> Explanation:
    """Return the chain of an interface as it is, and its first broken link."""
    interface = situation.interface
    words = {"node": interface.node, "uuid": interface.uuid}
    links = [
        Explained(row.link, row.title, finding, advice.format(**words) if finding.state is LinkState.BROKEN else "")
        for row in CHAIN
        if (interface.live or row.look is _interface) and (_floats(interface) or not row.floats)
        for finding in (row.look(situation, row.link),)
        for advice in (finding.advice or row.advice,)
    ]
    broken = min((link for link in links if link.finding.state is LinkState.BROKEN), key=_follows, default=None)
    if broken is not None:
        return Explanation(links, broken.link, f"{broken.title}: {broken.finding.wrong}", broken.advice)
    return Explanation(links, None, *_of_whole(situation, links))


def _follows(link: Explained) -> bool:
    return link.finding.follows


def _floats(interface: Interface) -> bool:
    """Return whether its node is asked for a floating address; of one that is asked back, nothing is to be there."""
    return interface.floating is not None and interface.floating.phase is not FloatingPhase.RELEASING


def _ok(seen: str) -> Finding:
    return Finding(LinkState.OK, seen)


def _broken(wrong: str, seen: str = "", *, follows: bool = False, advice: str = "") -> Finding:
    return Finding(LinkState.BROKEN, seen, wrong, follows, advice)


def _interface(situation: Situation, _link: PathLink) -> Finding:
    interface = situation.interface
    what = f"{interface.ipv4}, {interface.macaddr}"
    match interface.state:
        case InterfaceState.DELETED:
            left = "" if not interface.bound else f"; node {interface.node} has not let go of it yet"
            return _broken(f"it is deleted{left}", what)
        case InterfaceState.ERROR:
            return _broken(interface.state_reason or "it is in error", what)
    return _ok(what)


def _floating(situation: Situation, _link: PathLink) -> Finding:
    floating = situation.interface.floating
    if floating is None:
        return _ok("none is asked for")
    seen = f"{floating.address}, {floating.phase}"
    match floating.phase:
        case FloatingPhase.RELEASING:
            waits = floating.reason or f"node {situation.interface.node} has not let go of it yet"
            return _broken(f"{floating.address} is asked back, and {waits}", seen, advice=_DRAINS if floating.reason else "")
        case FloatingPhase.FAILED:
            why = floating.reason or "its node does not say why"
            return _broken(f"{floating.address} failed: {why}", seen, follows=True, advice=_RETRIES)
    return _ok(seen)


def _node(situation: Situation, _link: PathLink) -> Finding:
    name, silent = situation.interface.node, situation.silent
    heard = "never heard since this server started" if silent is None else f"last heard {span(silent)} ago"
    if situation.connected:
        return _ok(f"{name}, connected, {heard}")
    return _broken(
        f"the agent of {name} is not connected, {heard}; what is programmed goes on working, and nothing new comes", name
    )


def _agent(situation: Situation, _link: PathLink) -> Finding:
    examined, asked = situation.examined, situation.interface.generation
    if not situation.connected:
        return Finding(LinkState.UNKNOWN)
    if examined is None:
        return _broken(situation.unanswered)
    if examined.generation < asked:
        known = f"works with generation {examined.generation}" if examined.generation else "does not know this interface"
        return _broken(f"the agent {known}, and {asked} is asked for", "answered")
    return _ok(f"answered, works with generation {asked}")


def _observed(situation: Situation, link: PathLink) -> Finding:
    examined = situation.examined
    seen = examined.observations.get(link) if examined is not None else None
    if examined is None or seen is None:
        return Finding(LinkState.UNKNOWN)
    if not seen.flaws:
        return _ok(seen.seen)
    ours = link is not PathLink.EXTERNAL_INTERFACE  # which the agent does not make, so that what it was refused is not about it
    fault = f" ({examined.fault})" if ours and examined.fault and examined.fault not in seen.flaws else ""
    return _broken("; ".join(seen.flaws) + fault, seen.seen)


def _report(situation: Situation, _link: PathLink) -> Finding:
    interface, floating = situation.interface, situation.interface.floating
    seen = f"generation {interface.observed_generation} of {interface.generation}"
    reasons = [interface.state_reason, floating.reason if floating is not None and _floats(interface) else ""]
    if said := "; ".join(dict.fromkeys(reason for reason in reasons if reason)):
        return _broken(said, seen, follows=True)
    if interface.observed_generation < interface.generation:
        return _broken(f"{interface.node} has not confirmed generation {interface.generation} yet", seen, follows=True)
    return _ok(f"{seen} confirmed")


def _of_whole(situation: Situation, links: Sequence[Explained]) -> tuple[str, str]:
    """Return how an interface is where nothing is broken, and what may help all the same."""
    interface, examined = situation.interface, situation.examined
    if unseen := [link.title for link in links if link.finding.state is LinkState.UNKNOWN]:
        return f"nothing is known to be broken, but this could not be looked at: {', '.join(unseen)}", "ask again"
    if interface.floating is None or examined is None:
        return "the NIC is in order; it has no floating address", f"`buoy interface float {interface.uuid}` gives it one"
    address = interface.floating.address
    whole = f"a packet to {address} gets to {interface.ipv4} and back"
    if not examined.packets_in:
        return (
            f"{whole}; none has come from outside yet",
            f"if some were sent, look at who answers ARP for {address} on the LAN of {interface.node}, and at its own firewall",
        )
    if not examined.packets_out:
        return (
            f"{whole}; packets have come, and none has left",
            "look into the instance: its firewall, and whether something listens",
        )
    return whole, ""


def span(seconds: float) -> str:
    """Return a length of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


Look = Callable[[Situation, PathLink], Finding]
_HEALS = (
    "the agent of {node} puts this right within a second, or, where nothing tells it of it, at its next full check: ask again. "
    "Where it stays, `buoy-agent status` on {node} says what is refused, or what somebody undoes"
)
_DRAINS = "`buoy interface float {uuid}` takes it back now, with its connections; or wait until it is released"
_RETRIES = "{node} tries again by itself; where it stays, `buoy-agent status` on {node} says what is refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One link of the chain; `floats`: only of an interface that has a floating address."""

    link: PathLink
    title: str
    look: Look
    advice: str
    floats: bool = False


CHAIN: Sequence[Row] = (
    Row(PathLink.INTERFACE, "interface", _interface, "create another one"),
    Row(PathLink.FLOATING, "floating address", _floating, "wait until it is released, and float the interface again"),
    Row(PathLink.NODE, "node", _node, "on {node}: start buoy-agent, or look into its log why it does not get to the server"),
    Row(
        PathLink.AGENT,
        "agent",
        _agent,
        "ask again; where it stays so, on {node}: `buoy-agent status`, and is the agent stopped?",
    ),
    Row(
        PathLink.EXTERNAL_INTERFACE,
        "external interface",
        _observed,
        "on {node}: bring the NIC up (`ip link set ... up`, cable, switch), or name another with --external-interface; its "
        "settings the agent puts right by itself",
    ),
    Row(PathLink.ANNOUNCEMENT, "announcement", _observed, _HEALS, floats=True),
    Row(PathLink.NETWORK, "network", _observed, _HEALS),
    Row(PathLink.UPLINK, "uplink", _observed, _HEALS),
    Row(
        PathLink.ROUTE,
        "route",
        _observed,
        "what somebody else made on {node} stays until they take it away; for the rest, " + _HEALS,
        floats=True,
    ),
    Row(PathLink.RULES, "rules", _observed, _HEALS),
    Row(PathLink.FLOATING_TO_FIXED, "element inwards", _observed, _HEALS, floats=True),
    Row(PathLink.BRIDGE, "bridge", _observed, _HEALS),
    Row(
        PathLink.NIC,
        "NIC",
        _observed,
        "start the instance, and bring its NIC up; a NIC that somebody else makes must be on {node} with the interface's MAC "
        "address. What the agent made, it puts right by itself",
    ),
    Row(PathLink.FIXED_TO_FLOATING, "element outwards", _observed, _HEALS, floats=True),
    Row(PathLink.WAY_OUT, "way out", _observed, _HEALS),
    Row(
        PathLink.REPORT, "report", _report, "wait a moment; where it stays, `buoy-agent status` on {node} says what fails there"
    ),
)
