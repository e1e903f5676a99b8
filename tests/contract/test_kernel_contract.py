"""The kernel port's promises, kept by the fake and by the real kernel alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from buoy_agent.core.actual import Parts
from buoy_agent.core.missing import named
from buoy_agent.core.ruleset import digest
from buoy_agent.core.spec import Binding, Driver, Nic, packed
from buoy_agent.errors import KernelError, NicMissingError
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.kernel.port import Kernel

from tests.kernel.node import Node, lan_node
from tests.unit.agent.bindings import binding, network

Result = TypeVar("Result")
FLOAT, FIXED, OTHER = packed("192.0.2.50"), packed("10.0.0.5"), packed("10.0.0.6")
NET = network("contract", "a")
PAIR = Parts(NET.id, ((FLOAT, FIXED),), ((FIXED, FLOAT),), (FLOAT,), (FLOAT,))


@dataclass
class Bench:
    """A kernel, and the node to call it in, where it needs one."""

    kernel: Kernel
    node: Node | None = None

    def do(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Calls the kernel where it wants to be called."""
        return function(*arguments) if self.node is None else self.node.do(function, *arguments)


@pytest.fixture(params=["fake", "linux"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Both kernels, one after the other."""
    if request.param == "fake":
        yield Bench(FakeKernel())
        return
    with lan_node() as node:
        yield Bench(node.kernel, node)


def nic_of(entry: Binding, *, is_default: bool = True) -> Nic:
    """The NIC of a binding."""
    net = entry.network
    return Nic(
        interface=entry.interface,
        instance=entry.instance,
        driver=entry.driver,
        order=entry.order,
        macaddr=entry.macaddr,
        address=entry.address,
        network=net.id,
        prefixlen=net.netblock.prefixlen,
        gateway=net.gateway,
        is_default=is_default,
    )


def test_an_empty_node_has_nothing(bench: Bench) -> None:
    actual = bench.do(bench.kernel.read)
    assert (actual.namespaces, actual.networks, actual.routes, actual.proxies) == (set(), {}, {}, set())


def test_a_network_is_made_once_and_read_back(bench: Bench) -> None:
    state = bench.do(bench.kernel.ensure_network, NET)
    assert (state.digest, state.forward, state.nics) == (digest(NET), {}, {})
    assert bench.do(bench.kernel.read).networks == {NET.id: state}
    assert bench.do(bench.kernel.read_network, NET.id) == state


def test_rules_change_without_touching_elements(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.publish, PAIR)
    other = replace(NET, provide_nat=True, floating_gateway=packed("192.0.2.100"))
    state = bench.do(bench.kernel.ensure_network, other)
    assert (state.digest, state.forward, state.backward) == (digest(other), {FLOAT: FIXED}, {FIXED: FLOAT})
    assert digest(other) != digest(NET)


def test_what_is_published_is_read_and_withdrawn(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    before = bench.kernel.writes
    bench.do(bench.kernel.publish, PAIR)
    assert bench.kernel.writes > before
    actual = bench.do(bench.kernel.read)
    assert (actual.routes, actual.proxies, actual.holders) == ({FLOAT: NET.id}, {FLOAT}, {FLOAT: NET.id})
    assert actual.networks[NET.id].backward == {FIXED: FLOAT}
    bench.do(bench.kernel.withdraw, PAIR)
    actual = bench.do(bench.kernel.read)
    assert (actual.routes, actual.proxies, actual.holders) == ({}, set(), {})


def test_a_routed_address_is_published_read_and_withdrawn(bench: Bench) -> None:
    routed = Parts(NET.id, routes=(FLOAT,), proxies=(FLOAT,), direct=(FLOAT,))
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.publish, routed)
    bench.do(bench.kernel.publish, routed)
    actual = bench.do(bench.kernel.read)
    assert (actual.routes, actual.proxies, actual.direct) == ({FLOAT: NET.id}, {FLOAT}, {FLOAT: NET.id})
    assert (actual.holders, actual.networks[NET.id].direct) == ({}, {FLOAT})
    assert bench.do(bench.kernel.ensure_network, NET).direct == {FLOAT}
    bench.do(bench.kernel.withdraw, routed)
    bench.do(bench.kernel.withdraw, routed)  # one that is gone is no error
    actual = bench.do(bench.kernel.read)
    assert (actual.routes, actual.proxies, actual.direct, actual.networks[NET.id].direct) == ({}, set(), {}, set())


def test_publishing_again_is_no_error_but_another_value_is_and_changes_nothing(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.publish, PAIR)
    bench.do(bench.kernel.publish, PAIR)
    wrong = Parts(NET.id, ((packed("192.0.2.51"), OTHER), (FLOAT, OTHER)), ((OTHER, FLOAT),))
    with pytest.raises(KernelError):
        bench.do(bench.kernel.publish, wrong)
    state = bench.do(bench.kernel.read_network, NET.id)
    assert (state.forward, state.backward) == ({FLOAT: FIXED}, {FIXED: FLOAT})


def test_withdrawing_an_element_that_is_not_there_is_an_error_a_route_or_proxy_is_none(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.withdraw, Parts(NET.id, routes=(FLOAT,), proxies=(FLOAT,)))
    with pytest.raises(KernelError):
        bench.do(bench.kernel.withdraw, PAIR)


def test_many_elements_and_routes_at_once(bench: Bench) -> None:
    wide = network("contract", "wide", "10.8.0.0/15")
    bench.do(bench.kernel.ensure_network, wide)
    count = 6000
    floats = tuple(packed(f"198.18.{number >> 8}.{number & 255}") for number in range(count))
    fixed = tuple(packed(f"10.8.{number >> 8}.{number & 255}") for number in range(count))
    many = Parts(wide.id, tuple(zip(floats, fixed, strict=True)), tuple(zip(fixed, floats, strict=True)), floats)
    bench.do(bench.kernel.publish, many)
    actual = bench.do(bench.kernel.read)
    assert len(actual.holders) == len(actual.routes) == len(actual.networks[wide.id].backward) == count
    bench.do(bench.kernel.withdraw, many)
    assert bench.do(bench.kernel.read).routes == {}


def test_a_nic_is_made_marked_and_removed(bench: Bench) -> None:
    nic = nic_of(binding("contract", NET, 5))
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.ensure_nic, nic)
    actual = bench.do(bench.kernel.read)
    assert actual.networks[NET.id].nics == {nic.interface: nic.mark}
    assert actual.namespaces == {NET.id, nic.instance}
    bench.do(bench.kernel.ensure_nic, nic._replace(is_default=False))
    assert bench.do(bench.kernel.read_network, NET.id).nics == {nic.interface: nic._replace(is_default=False).mark}
    bench.do(bench.kernel.remove_nic, NET.id, nic.interface)
    bench.do(bench.kernel.remove_nic, NET.id, nic.interface)
    assert bench.do(bench.kernel.read_network, NET.id).nics == {}


def test_a_nic_to_adopt_that_is_not_there_has_its_own_error(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    with pytest.raises(NicMissingError, match="no NIC with MAC 02:00:00:00:00:05 on this node"):
        bench.do(bench.kernel.ensure_nic, nic_of(binding("contract", NET, 5)._replace(driver=Driver.ADOPT)))


def test_nics_to_adopt_that_are_not_there_are_found_all_at_once(bench: Bench) -> None:
    bindings = [binding("contract", NET, host)._replace(driver=Driver.ADOPT) for host in range(5, 9)]
    wanted = {one.interface for one in bindings}
    assert bench.do(bench.kernel.read_missing, list(map(nic_of, bindings))) == wanted
    assert named(bindings, bench.do(bench.kernel.read_names)) == set()


def test_a_nic_needs_its_network(bench: Bench) -> None:
    with pytest.raises(KernelError):
        bench.do(bench.kernel.ensure_nic, nic_of(binding("contract", NET, 5)))


def test_namespaces_go_with_all_that_is_in_them(bench: Bench) -> None:
    nic = nic_of(binding("contract", NET, 5))
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.ensure_nic, nic)
    bench.do(bench.kernel.publish, replace(PAIR, proxies=()))
    bench.do(bench.kernel.remove_namespaces, [NET.id, nic.instance])
    bench.do(bench.kernel.remove_namespaces, [NET.id])
    actual = bench.do(bench.kernel.read)
    assert (actual.namespaces, actual.networks, actual.routes) == (set(), {}, {})
    assert bench.do(bench.kernel.read_network, NET.id).digest == ""


def test_cutting_the_flows_of_an_address_that_has_none_is_no_error(bench: Bench) -> None:
    bench.do(bench.kernel.ensure_network, NET)
    bench.do(bench.kernel.cut, NET.id, (FLOAT, OTHER))
