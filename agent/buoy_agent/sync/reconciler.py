"""Desired against actual: one pass folds what has arrived, compares, applies, and says what the kernel then has.

A pass runs in the kernel thread. A failure holds up only what it concerns: it is noted with its words, reported, and tried
again when its time has come; what the kernel has of the network is read again before that.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import structlog

from buoy_agent.core.actual import Actual, NetworkState, Parts
from buoy_agent.core.desired import Desired, Scope
from buoy_agent.core.diff import NOWHERE, Plan, diff
from buoy_agent.core.draining import Drains
from buoy_agent.core.drift import Places
from buoy_agent.core.reach import addresses_of, forgive, scope_of
from buoy_agent.core.repairs import RepairReport
from buoy_agent.core.retry import Faults, Key, key_words
from buoy_agent.core.spec import (
    Address,
    Binding,
    InterfaceId,
    Network,
    NetworkId,
    NetworkReport,
    Owed,
    Report,
    Update,
)
from buoy_agent.errors import KernelError
from buoy_agent.kernel.port import Kernel
from buoy_agent.sync.adopting import come, look_for_all, without_missing
from buoy_agent.sync.draining import end_drains
from buoy_agent.sync.halving import in_halves
from buoy_agent.sync.patrol import Deaf, Patrol
from buoy_agent.sync.verdicts import Verdicts, repair_report

_ROUNDS = 4
_AT_ONCE = 1000  # interfaces that a pass reports by itself
UNKNOWN = ""  # the mark of a NIC that may be half gone: no NIC should have it, so it is removed again before anything else
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StreamBegun:
    """A new stream is open; stands among the updates."""


@dataclass(frozen=True, slots=True)
class CheckDue:
    """It is time to read everything again."""


Arrival = Update | StreamBegun | Places | CheckDue


@dataclass(slots=True)
class Outcome:
    """What one pass led to."""

    reports: list[Report] = field(default_factory=list)
    owed: Owed = field(default_factory=Owed)  # more interfaces than are reported at once
    networks: list[NetworkReport] = field(default_factory=list)
    published: set[Address] = field(default_factory=set)
    withdrawn: set[Address] = field(default_factory=set)
    cut: set[Address] = field(default_factory=set)  # addresses whose flows from before have been cut
    repairs: list[RepairReport] = field(default_factory=list)
    next_due: float | None = None


class Reconciler:
    """Holds desired and actual state and brings them together. To be called from one thread."""

    def __init__(self, kernel: Kernel, *, by_arp: bool = True, deaf: Deaf = nullcontext) -> None:
        self.desired = Desired()
        self.faults = Faults()
        self.drains = Drains()
        self.patrol = Patrol(kernel, deaf)
        self._kernel = kernel
        self.by_arp = by_arp
        self.passes = 0
        self._failures = 0
        self._to_announce: set[Address | None] = set()
        self._told: dict[NetworkId, NetworkReport] = {}  # what was last reported of each network's routed addresses

    @property
    def actual(self) -> Actual:
        """What the kernel has, as far as we know."""
        return self.patrol.actual

    def start(self) -> None:
        """Reads the kernel; raises KernelError."""
        self._kernel.prepare()
        self.patrol.actual = self._kernel.read()

    def work(self, updates: Sequence[Arrival], now: float) -> Outcome:
        """Works updates in, and tries again what is due. `now` is monotonic seconds."""
        scope = Scope()
        self.passes += 1
        for update in updates:
            match update:
                case StreamBegun():
                    self.desired.begin_stream()
                case Places():
                    scope.merge(self._heed(update))
                case CheckDue():
                    self.patrol.check_everything()
                case Update():
                    scope.merge(self.desired.apply(self.drains.take(update, now)))
                    self._to_announce.update(binding.floating for binding in update.upserts if binding.announce)
                    self._to_announce.update(self.actual.proxies if update.reannounce else ())
        forgive(scope, self.actual, self.faults)
        tried = {key: self.faults.by_key[key] for key in self.faults.due(now)}
        scope.merge(scope_of(tried, self.desired, self.actual))
        scope.interfaces |= come(self._kernel, self.faults.missing, self.desired.targets.bindings, now)
        scope.merge(self.patrol.work(now))
        self._to_announce.update(self.actual.proxies if self.patrol.plugged_in() else ())
        if self.desired.in_sync:
            scope.merge(end_drains(self.drains, self.desired, self.actual, self._kernel, now))
        outcome = Outcome(next_due=self._next_due())
        if self.desired.in_sync and scope:
            self._apply(scope, now, outcome)
            self._cut_unconfirmed(now, outcome)
            self.faults.settle(tried)
            self._judge(scope, outcome)
            outcome.next_due = self._next_due()
        if self.desired.in_sync:
            outcome.published |= self.actual.proxies & self._to_announce
            self._to_announce.clear()
        outcome.repairs = [repair_report(repair, self.desired.targets, self.faults) for repair in self.patrol.repairs.take()]
        return outcome

    def reports_of(self, interfaces: Iterable[InterfaceId]) -> list[Report]:
        """What the kernel now has of interfaces."""
        return list(self._verdicts.reports(interfaces))

    @property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self.desired, self.actual, self.faults, by_arp=self.by_arp)

    def _judge(self, scope: Scope, outcome: Outcome) -> None:
        """Says what the kernel now has of all that the pass was about; of very much, later and bit by bit."""
        targets, verdicts = self.desired.targets, self._verdicts
        about = targets.bindings.keys() if scope.everything else scope.interfaces & targets.bindings.keys()
        later = len(about) > _AT_ONCE
        outcome.owed = Owed(tuple(about) if later else (), frozenset(targets.working))
        outcome.reports = [] if later else list(verdicts.reports(about))
        outcome.reports += verdicts.removals()
        outcome.networks = self._news(verdicts.network_reports(scope), afresh=scope.everything)
        targets.working.clear()

    def _news(self, reports: Iterable[NetworkReport], *, afresh: bool) -> list[NetworkReport]:
        """Those that say something else than the last of their network did."""
        news = [report for report in reports if afresh or self._told.get(report.network) != report]
        self._told.update((report.network, report) for report in news)
        self._told = {key: report for key, report in self._told.items() if key in self.desired.targets.networks}
        return news

    def known_of(self, binding: Binding) -> tuple[int, str]:
        """The generation of an interface that is wanted here (0: none), and what of it failed, in words; from any thread."""
        held = self.desired.targets.bindings.get(binding.interface)
        keys: list[Key] = [("nic", binding.interface), ("network", binding.network.id)]
        keys += [("float", binding.floating)] if binding.floating is not None else []
        words = [*map(self.faults.words, keys), self.faults.missing.words(binding)]
        return held.generation if held is not None else 0, next(filter(None, words), "")

    def _heed(self, places: Places) -> Scope:
        """Somebody else changed something: a NIC that was missing may be there now, a route that was in the way may be gone."""
        if places.node_links:
            self.faults.missing.hurry()
        self.patrol.heed(places)
        refused = [key for address in places.routes if (key := ("float", address)) in self.faults.by_key]
        return scope_of(refused, self.desired, self.actual)

    def _next_due(self) -> float | None:
        dues = (
            self.faults.next_due(),
            self.faults.missing.due,
            self.patrol.next_due(),
            self.drains.next_due() if self.desired.in_sync else None,
        )
        return min((due for due in dues if due is not None), default=None)

    def _apply(self, scope: Scope, now: float, outcome: Outcome) -> None:
        """Plans and carries out until nothing is left that can be done now."""
        targets, missing = self.desired.targets, self.faults.missing
        if scope.everything:
            look_for_all(targets, self.actual, self._kernel, missing, now)
        for _ in range(_ROUNDS):
            plan = self._feasible(diff(targets, self.actual, scope, missing.interfaces, by_arp=self.by_arp), now)
            failures = self._failures
            with self.patrol.unheard(plan.elements):
                self._carry_out(plan, scope, now, outcome)
            if not (plan.networks or plan.drop_namespaces or self._failures > failures):
                return  # all of it is done, and opens up nothing more

    def _carry_out(self, plan: Plan, scope: Scope, now: float, outcome: Outcome) -> None:
        for parts in plan.withdraw:
            self._withdraw(parts, now, outcome)
        for network, interface in plan.drop_nics:
            if self._try(("nic", interface), now, self._kernel.remove_nic, network, interface):
                self.actual.networks[network].nics.pop(interface, None)
            else:
                self.actual.networks[network].nics[interface] = UNKNOWN
        self._drop_namespaces(plan.drop_namespaces, now)
        for spec in plan.networks:
            self._make_network(spec, scope, now)
        for nic in without_missing(plan.nics, self.actual, self._kernel, self.faults, now):
            if self._try(("nic", nic.interface), now, self._kernel.ensure_nic, nic):
                self.actual.networks[nic.network].nics[nic.interface] = nic.mark
                self.actual.namespaces |= {nic.instance} if nic.driver.value == "netns" else set()
        for parts in plan.publish:
            self._publish(parts, now, outcome)

    def _drop_namespaces(self, uuids: tuple[str, ...], now: float) -> None:
        """All at once, which is a hundred times faster; where that is refused, one by one."""
        if not uuids:
            return
        try:
            self._kernel.remove_namespaces(uuids)
        except KernelError:
            gone = [uuid for uuid in uuids if self._try(("namespace", uuid), now, self._kernel.remove_namespaces, (uuid,))]
        else:
            gone = list(uuids)
        for uuid in gone:
            self.faults.clear(("namespace", uuid))
            self.actual.drop_namespace(uuid)

    def _make_network(self, spec: Network, scope: Scope, now: float) -> None:
        """Makes or repairs a network; what it then holds is planned anew, within the same pass."""

        def make() -> None:
            state = self._kernel.ensure_network(spec)
            if not self.actual.networks.get(spec.id, NetworkState()).digest:
                self.actual.put_routes(spec.id, self._kernel.read_routes(spec.id))  # its link may be new
            self.actual.put_network(spec.id, state)

        if self._try(("network", spec.id), now, make) and not scope.everything:
            scope.addresses |= addresses_of(spec.id, self.desired.targets, self.actual)
        scope.interfaces |= self.desired.targets.members.get(spec.id, set())

    def _withdraw(self, parts: Parts, now: float, outcome: Outcome) -> None:
        outcome.withdrawn |= parts.addresses - parts.flowing
        done = self._in_halves(parts, now, self._kernel.withdraw, self.actual.remove)
        outcome.cut |= done & parts.but_proxies.addresses - parts.flowing  # a proxy neighbour alone ends no flow

    def _publish(self, parts: Parts, now: float, outcome: Outcome) -> None:
        parts = self._ready(parts, now)  # what could not leave its old place must not appear at the new one
        if self.desired.resumed:
            parts = replace(parts, flowing=parts.addresses & self.desired.resumed)
        done = self._in_halves(parts, now, self._kernel.publish, self.actual.add) if parts.addresses else set()
        outcome.published |= done & set(parts.proxies)
        outcome.cut |= done & {floating for floating, _ in parts.forward}
        self.desired.resumed -= done

    def _cut_unconfirmed(self, now: float, outcome: Outcome) -> None:
        """Cuts what an agent left that died between the elements and conntrack; what this pass changed is cut already."""
        left: dict[NetworkId, set[Address]] = {}
        for unconfirmed in self.desired.unconfirmed.values():
            unconfirmed.addresses -= outcome.cut
            if unconfirmed.network not in self.actual.networks:
                unconfirmed.addresses.clear()  # flows went with the namespace
            due = {address for address in unconfirmed.addresses if not self.faults.waits(("float", address), now)}
            left.setdefault(unconfirmed.network, set()).update(due)
        for network, addresses in left.items():
            self._cut(network, addresses, now)
        kept = self.desired.unconfirmed.items()
        self.desired.unconfirmed = {interface: unconfirmed for interface, unconfirmed in kept if unconfirmed.addresses}

    def _cut(self, network: NetworkId, addresses: set[Address], now: float) -> None:
        """All at once; where that is refused, every address waits on its own."""
        try:
            if addresses:
                self._kernel.cut(network, addresses)
        except KernelError as error:
            for address in addresses:
                self._fail(("float", address), now, error)
            return
        for unconfirmed in self.desired.unconfirmed.values():
            unconfirmed.addresses -= addresses

    def _in_halves(self, parts: Parts, now: float, do: Callable[[Parts], None], note: Callable[[Parts], None]) -> set[Address]:
        """Returns the addresses for which it was done; those that were refused wait, each on its own."""
        done: set[Address] = set()
        withdraws = do == self._kernel.withdraw

        def attempt(part: Parts) -> None:
            try:
                do(part)
            except KernelError:
                if withdraws:
                    self._reread(part.network, now)
                raise
            note(part)
            done.update(part.addresses)

        refused = in_halves(parts, attempt, self._yet_there if withdraws else lambda part: part)
        if refused:
            self._reread(parts.network, now)
            self._failures += 1
            (address, error), *others = refused.items()
            log.warning("failed", what=key_words(("float", address)), others=len(others), error=str(error), reason=error.reason)
        for address, error in refused.items():
            self.faults.add(("float", address), str(error), now)
        for address in done if self.faults.by_key else ():
            self.faults.clear(("float", address))
        return done

    def _yet_there(self, parts: Parts) -> Parts:
        """Of entries to withdraw, those that are there; of the others the kernel would say that they are not."""
        state = self.actual.networks.get(parts.network)
        if state is None:
            return replace(parts, forward=(), backward=())
        forward = tuple(pair for pair in parts.forward if state.forward.get(pair[0]) == pair[1])
        backward = tuple(pair for pair in parts.backward if state.backward.get(pair[0]) == pair[1])
        return replace(parts, forward=forward, backward=backward)

    def _reread(self, network: NetworkId, now: float) -> None:
        """What we knew of a network may be stale after a failure; routes and proxy neighbours may be repeated as they are."""
        if network == NOWHERE or network not in self.actual.networks:
            return
        try:
            self.patrol.come_upon(network, self._kernel.read_network(network), now)
        except KernelError as error:
            log.warning("network cannot be read", network=network, error=str(error))

    def _try(self, key: Key, now: float, do: Callable[..., object], *arguments: object) -> bool:
        try:
            do(*arguments)
        except KernelError as error:
            self._fail(key, now, error)
            return False
        self.faults.clear(key)
        return True

    def _fail(self, key: Key, now: float, error: KernelError) -> None:
        self._failures += 1
        fault = self.faults.add(key, str(error), now)
        log.warning("failed", what=key_words(key), error=str(error), reason=error.reason, attempts=fault.attempts)

    def _feasible(self, plan: Plan, now: float) -> Plan:
        """The plan without what has failed and is not due again."""
        if not self.faults.by_key:
            return plan

        def may(kind: str, key: str | bytes) -> bool:
            return not self.faults.waits((kind, key), now)

        return Plan(
            withdraw=tuple(part for part in (self._ready(part, now) for part in plan.withdraw) if part.addresses),
            drop_nics=tuple(entry for entry in plan.drop_nics if may("nic", entry[1])),
            drop_namespaces=tuple(uuid for uuid in plan.drop_namespaces if may("namespace", uuid)),
            networks=tuple(spec for spec in plan.networks if may("network", spec.id)),
            nics=tuple(nic for nic in plan.nics if may("nic", nic.interface)),
            publish=tuple(part for part in (self._ready(part, now) for part in plan.publish) if part.addresses),
        )

    def _ready(self, parts: Parts, now: float) -> Parts:
        """Of some entries, those whose address is not waiting after a failure."""
        if not self.faults.by_key:
            return parts
        waiting = {address for address in parts.addresses if self.faults.waits(("float", address), now)}
        return parts.only(parts.addresses - waiting) if waiting else parts
