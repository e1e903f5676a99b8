"""What the kernel has of each interface, in the words of a report."""

from collections.abc import Iterable, Iterator

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Desired, Scope, Targets
from buoy_agent.core.drift import Repair
from buoy_agent.core.repairs import MOST_INTERFACES, RepairReport
from buoy_agent.core.retry import Faults, Key
from buoy_agent.core.spec import Address, InterfaceId, NetworkId, NetworkReport, Report, text


class Verdicts:
    """Compares desired and actual state, after a pass, interface by interface."""

    def __init__(self, desired: Desired, actual: Actual, faults: Faults, *, by_arp: bool) -> None:
        self._desired, self._actual, self._faults, self._by_arp = desired, actual, faults, by_arp

    def reports(self, interfaces: Iterable[InterfaceId]) -> Iterator[Report]:
        """What the kernel now has of interfaces, as far as they are wanted."""
        wanted = self._desired.targets.bindings
        return (self._report(interface) for interface in interfaces if interface in wanted)

    def removals(self) -> Iterator[Report]:
        """The removals that are done."""
        for interface in list(self._desired.removals):  # all that wait: what held them up need not name them
            if self._is_gone(interface):
                yield Report(interface, self._desired.removals[interface], removed=True)
                self._desired.forget_removal(interface)

    def network_reports(self, scope: Scope) -> Iterator[NetworkReport]:
        """What the kernel now has of the routed addresses of each network that the pass was about."""
        targets = self._desired.targets
        about = set(targets.networks) if scope.everything else scope.networks & targets.networks.keys()
        wanted = map(targets.float_of, scope.addresses)
        about |= {want.network for want in wanted if want is not None and want.routed}
        for network in sorted(about):
            if targets.networks[network].routed_generation:
                yield NetworkReport(network, targets.networks[network].routed_generation, tuple(self._routed_faults(network)))

    def _routed_faults(self, network: NetworkId) -> Iterator[tuple[Address, str]]:
        """Routed addresses that are not there yet, and whatever nobody wants and is still there: it may be this network's."""
        for address in sorted(self._desired.targets.networks[network].routed):
            if not self._is_complete(address):
                words = self._faults.words(("float", address)) or self._faults.words(("network", network))
                yield address, words or self._actual.external or "the address is not programmed yet"
        for (kind, value), fault in self._faults.by_key.items():
            if kind == "float" and isinstance(value, bytes) and value not in self._desired.targets.addresses:
                yield Address(value), fault.words

    def _report(self, interface: InterfaceId) -> Report:
        binding = self._desired.targets.bindings[interface]
        state = self._actual.networks.get(binding.network.id)
        mark = state.nics.get(interface) if state is not None else None
        has_nic = mark is not None and mark == self._desired.targets.mark(interface)
        network_words = self._faults.words(("network", binding.network.id))
        why = self._faults.words(("nic", interface)) or self._faults.missing.words(binding) or network_words
        nic_words = "" if has_nic else why or "the NIC is not made yet"
        return Report(
            interface,
            binding.generation,
            nic_error=nic_words,
            floating_error=self._float_words(interface, network_words),
            draining=tuple(entry.address for entry in binding.draining),
        )

    def _float_words(self, interface: InterfaceId, network_words: str) -> str:
        """Why the float of an interface, or the one it gave up, is not as it should be; empty when all is well."""
        binding = self._desired.targets.bindings[interface]
        left = self._still_there(interface)
        if left:
            return f"the former address {text(left[0])} is still programmed: {self._faults.words(('float', left[0]))}"
        uncut = self._desired.unconfirmed.get(interface)
        address = min(uncut.addresses) if uncut is not None else None
        if address is not None and (words := self._faults.words(("float", address))):  # else it is only just heard of
            return f"live connections of {text(address)} are not cut: {words}"
        open_ = [entry.address for entry in binding.draining if entry.address in self._actual.holders]
        if open_:
            return f"{text(open_[0])} still takes new connections: {self._faults.words(('float', open_[0])) or network_words}"
        if binding.floating is None or self._is_complete(binding.floating):
            return ""
        words = self._faults.words(("float", binding.floating)) or network_words
        return words or self._actual.external or "the address is not programmed yet"

    def _is_complete(self, address: Address) -> bool:
        want = self._desired.targets.float_of(address)
        state = self._actual.networks.get(want.network) if want is not None else None
        if want is None or state is None:
            return False
        if want.fixed is None:
            inside = not want.routed or address in state.direct
        else:
            inside = state.forward.get(address) == want.fixed and state.backward.get(want.fixed) == address
        reached = address in self._actual.proxies or not self._by_arp
        routed = self._actual.routes.get(address) == want.network and address not in self._actual.overruled
        return inside and routed and reached and not self._actual.external

    def _is_gone(self, interface: InterfaceId) -> bool:
        """Whether nothing of a removed interface is on the node any more."""
        has_nic = any(interface in state.nics for state in self._actual.networks.values())
        unknown = interface not in self._desired.leaving and any(not self._is_wanted(key) for key in self._faults.by_key)
        uncut = interface in self._desired.unconfirmed
        return not has_nic and not unknown and not uncut and not self._still_there(interface)

    def _is_wanted(self, key: Key) -> bool:
        kind, value = key
        return kind != "float" or value in self._desired.targets.addresses

    def _still_there(self, interface: InterfaceId) -> list[Address]:
        """Addresses that an interface gave up and that are still programmed for nobody else."""
        addresses = self._desired.leaving.get(interface, set())
        left = [
            address
            for address in addresses
            if self._actual.has_address(address) and address not in self._desired.targets.addresses
        ]
        if not left:
            self._desired.leaving.pop(interface, None)
        return left


def repair_report(repair: Repair, targets: Targets, faults: Faults) -> RepairReport:
    """What the server is told of a repair: whom it concerns, and what went wrong with it."""
    wanted = map(targets.float_of, repair.addresses)
    owners = {want.owner for want in wanted if want is not None and want.owner is not None}
    interfaces = tuple(sorted(repair.interfaces & targets.bindings.keys() | owners)[:MOST_INTERFACES])
    keys: list[Key] = [("network", repair.place.removeprefix("network "))]
    keys += [("nic", interface) for interface in repair.interfaces]
    keys += [("float", address) for address in repair.addresses]
    found = [
        *map(faults.words, keys),
        *(faults.missing.words(targets.bindings[one]) for one in repair.interfaces & targets.bindings.keys()),
    ]
    error = next(filter(None, found), "")
    return RepairReport(repair.place, repair.words, 1, repair.time, interfaces, error)
