"""What is new altogether is planned in one go, and as it would be address by address."""

import pytest
from buoy_agent.core.actual import Actual, NetworkState, Parts
from buoy_agent.core.desired import Scope, Targets
from buoy_agent.core.diff import diff
from buoy_agent.core.ruleset import digest
from buoy_agent.core.spec import Draining, packed

from tests.unit.agent.bindings import binding, network, routed

NET = routed(network("d", "net", egress="192.0.2.99"), "192.0.2.70")
OTHER = network("d", "other")


def _targets() -> Targets:
    targets = Targets()
    for one in (
        binding("d", NET, 5, floating="192.0.2.50"),
        binding("d", NET, 6),
        binding("d", OTHER, 5, floating="192.0.2.51"),
    ):
        targets.put(one, Scope())
    targets.put(binding("d", NET, 7)._replace(draining=(Draining(packed("192.0.2.52"), 60.0),)), Scope())
    return targets


def _sorted(parts: Parts) -> tuple[object, ...]:
    return parts.network, *(
        sorted(entries) for entries in (parts.forward, parts.backward, parts.routes, parts.proxies, parts.direct)
    )


@pytest.mark.parametrize("by_arp", [True, False])
@pytest.mark.parametrize("external", ["", "it is down"])
@pytest.mark.parametrize("there", [(NET, OTHER), (NET,), ()])
def test_what_is_new_is_planned_as_it_would_be_one_by_one(*, by_arp: bool, external: str, there: tuple[object, ...]) -> None:
    targets, actual = _targets(), Actual(external=external)
    for net in (NET, OTHER):
        if net in there:
            actual.put_network(net.id, NetworkState(digest(net)))
    at_once = diff(targets, actual, Scope(everything=True), by_arp=by_arp).publish
    one_by_one = diff(targets, actual, Scope(addresses=set(targets.addresses)), by_arp=by_arp).publish
    assert sorted(map(_sorted, at_once)) == sorted(map(_sorted, one_by_one))
    assert len(at_once) == len(there)
