"""What nodes have confirmed of what was asked: only a running server knows which of them are there."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from buoy_server.core.fsck.holders import interfaces, networks
from buoy_server.core.fsck.violation import Invariant, Violation
from buoy_server.core.state import State
from buoy_server.core.states import FloatingPhase, RoutedPhase

PATIENCE = timedelta(seconds=30)  # for a node to bring its kernel to what was asked

LAGS = Invariant(
    "NODE_LAGS",
    "a node that is connected has confirmed what was asked of it half a minute ago",
    "see what the node says: `buoy-agent status` there, and its log",
)
FAILED = Invariant(
    "NODE_FAILED",
    "what floats or is routed has its place in the kernel of its node",
    "the node tries again by itself: see `buoy-agent status` there for what stands in its way",
)
CHECKS = (LAGS, FAILED)


@dataclass(frozen=True, slots=True)
class Live:
    """What a running server knows: the nodes that are connected, and what time it is."""

    connected: Collection[str]
    now: datetime


def violations(state: State, live: Live) -> Iterator[Violation]:
    """Yield what nodes have not confirmed, or not made."""
    for interface in interfaces(state):
        about = f"interface {interface.uuid}"
        floating = interface.floating
        if floating is not None and floating.phase is FloatingPhase.FAILED:
            yield FAILED.violated(about, f"{floating.address} does not float on node {interface.node}: {floating.reason}")
        if not interface.bound or not _is_old(interface.update_time, live):
            continue
        lags = {interface.node} if interface.observed_generation < interface.generation else set()
        for node in sorted(lags.union(former.node for former in interface.former_nodes).intersection(live.connected)):
            yield LAGS.violated(about, f"node {node} has not confirmed generation {interface.generation}")
    for network in networks(state):
        about = f"network {network.uuid}"
        for routed in network.routed:
            node = routed.former_node or routed.node
            if routed.phase is RoutedPhase.FAILED:
                yield FAILED.violated(about, f"{routed.address} is not routed on node {node}: {routed.reason}")
            elif routed.phase is not RoutedPhase.ACTIVE and node in live.connected and _is_old(network.update_time, live):
                yield LAGS.violated(about, f"node {node} has not confirmed {routed.address}, which is {routed.phase} there")


def _is_old(asked: datetime | None, live: Live) -> bool:
    return asked is not None and live.now - asked > PATIENCE
