"""What is read of many networks at once is what is read of each, and misses nothing that is wrong."""

from collections.abc import Callable
from contextlib import closing

import pytest
from buoy_agent.core.actual import NetworkState, Parts
from buoy_agent.core.spec import Address, Network, packed, text
from buoy_agent.kernel import inspection, links, procfs, routes, sysctl
from buoy_agent.kernel.naming import outer_name
from buoy_agent.kernel.netlink import ROUTE, Channel, attributes, index_of
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.port import at_once
from buoy_agent.kernel.procfs import OwnProc

from tests.contract.test_kernel_contract import nic_of
from tests.kernel.node import Node
from tests.support import netns
from tests.unit.agent.bindings import binding, network

DAMAGE = (
    "ip link set br0 down",
    "ip link set uplink down",
    "ip address add 10.9.9.9/24 dev br0",
    "ip route flush proto 98",
    "ip neigh flush nud permanent dev uplink",
    "nft flush table ip buoy && nft delete map ip buoy fixed_to_floating",
    "nft flush chain ip buoy guard",
    "nft add chain ip buoy more",
    "nft add element ip buoy floating_to_fixed '{ 192.0.2.77 comment \"theirs\" : 10.0.0.77 }'",
    "ip route add 192.0.2.78/32 dev br0 proto 98 metric 7",
)


def read_in_all_ways(node: Node, net: Network) -> NetworkState:
    """What is read of a network, in three ways that must agree."""
    at_start = node.do(node.kernel.read).networks[net.id]
    assert at_start == node.do(node.kernel.read_network, net.id)
    assert at_start == node.do(lambda: at_once(node.kernel.read_in_steps(net.id)))
    return at_start


def test_networks_read_at_once_are_as_each_is_read_alone_whatever_was_done_to_them(node: Node) -> None:
    nets = [network(node.salt, f"n{number}") for number in range(len(DAMAGE) + 1)]
    node.snapshot(*(binding(node.salt, net, 5, floating=f"192.0.2.{50 + number}") for number, net in enumerate(nets)))
    sound = read_in_all_ways(node, nets[-1])
    for command, net in zip(DAMAGE, nets, strict=False):
        netns.run(node.inside(net), ["sh", "-c", command])
    for number, net in enumerate(nets[:-1]):
        floating, fixed = packed(f"192.0.2.{50 + number}"), packed("10.0.0.5")
        state = read_in_all_ways(node, net)
        assert state.forward[floating] == fixed
        strange = packed("192.0.2.77") in state.forward or packed("192.0.2.78") in state.direct
        assert strange or state.digest != sound.digest
    assert read_in_all_ways(node, nets[-1]) == sound


@pytest.mark.parametrize("step", ["flaws", "read_rules", "read_map"])
def test_a_network_that_is_changed_while_it_is_read_is_read_again(
    node: Node, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    net, read, flushes = network(node.salt, "a"), getattr(Table, step), ["nft flush ruleset"]
    node.snapshot(binding(node.salt, net, 5, floating="192.0.2.50"))

    def read_before_others_change_it(table: Table, *arguments: str) -> object:
        found = read(table, *arguments)
        if flushes:
            netns.run(node.inside(net), flushes.pop().split())
        return found

    monkeypatch.setattr(Table, step, read_before_others_change_it)
    state = node.do(node.kernel.read_network, net.id)
    assert (state.flaws, state.forward) == (("the nftables table is gone",), {})


def test_a_nic_is_made_and_removed_without_a_look_at_the_others_of_its_network(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, read = network(node.salt, "a"), list[int]()
    parse_link = links.parse_link

    def counted(body: memoryview) -> links.Link:
        read.append(1)
        return parse_link(body)

    def looks(function: Callable[..., object], *arguments: object) -> int:
        read.clear()
        node.do(function, *arguments)
        return len(read)

    bindings = [binding(node.salt, net, host) for host in range(5, 17)]
    node.snapshot(bindings[0])
    monkeypatch.setattr(links, "parse_link", counted)
    made = [looks(node.kernel.ensure_nic, nic_of(one)) for one in bindings[1:]]
    assert made == [made[0]] * len(made) != [0] * len(made)
    removed = [looks(node.kernel.remove_nic, net.id, one.interface) for one in bindings[1:]]
    assert removed == [removed[0]] * len(removed) != [0] * len(removed)


def test_a_reading_that_is_given_up_after_the_end_gives_its_socket_back(node: Node) -> None:
    net = network(node.salt, "a")
    node.snapshot(binding(node.salt, net, 5))
    steps = node.kernel.read_in_steps(net.id)
    node.do(next, steps)
    node.restart()
    steps.close()  # else RuntimeError, and nobody closes it


def test_every_setting_that_is_changed_is_found(node: Node) -> None:
    net = network(node.salt, "a")
    node.snapshot(binding(node.salt, net, 5))
    inside = (*inspection.INSIDE, *inspection.OPTIONAL)
    outside = inspection.outside(outer_name(net.id))
    for namespace, settings in ((node.inside(net), inside), (node.host, outside)):
        for name, value in settings:
            netns.call(namespace, sysctl.set_value, name, "1" if value in ("0", "2") else "0")
    state = read_in_all_ways(node, net)
    assert set(state.flaws) == {f"net/{name} is not {value}" for name, value in (*inside, *outside)}
    assert node.do(node.kernel.ensure_network, net).flaws == ()


def test_a_map_of_which_others_delete_between_two_pieces_is_read_anew(node: Node) -> None:
    net, addresses = network(node.salt, "a", "10.8.0.0/15"), [(number >> 8, number & 255) for number in range(3000)]
    pairs = tuple((packed(f"198.18.{high}.{low}"), packed(f"10.8.{high}.{low}")) for high, low in addresses)
    node.do(node.kernel.ensure_network, net)
    node.do(node.kernel.publish, Parts(net.id, pairs, tuple((fixed, floating) for floating, fixed in pairs)))
    deleted = f"delete element ip buoy floating_to_fixed {{ {', '.join(map(text, dict(pairs[:1500])))} }}"

    def while_others_delete() -> NetworkState | None:
        steps = node.kernel.read_in_steps(net.id)
        for _ in range(3):
            next(steps)
        netns.run(node.inside(net), ["nft", "-f", "-"], input=deleted)
        return at_once(steps)

    assert node.do(while_others_delete) is None
    state = node.do(node.kernel.read_network, net.id)
    assert (state.forward, state.backward) == (dict(pairs[1500:]), {fixed: floating for floating, fixed in pairs})


@pytest.mark.parametrize("mounts", ["are allowed", "are refused"])
def test_settings_are_those_of_the_namespace_that_the_thread_is_in(
    node: Node, monkeypatch: pytest.MonkeyPatch, mounts: str
) -> None:
    if mounts == "are refused":
        monkeypatch.setattr(procfs, "_mounted", lambda: None)
    monkeypatch.setattr(procfs, "_READS", 3)
    net = network(node.salt, "a")
    node.snapshot(binding(node.salt, net, 5))
    name = "ipv4/conf/all/send_redirects"

    def alternating() -> list[str | None]:
        proc, seen = OwnProc(), []
        for _ in range(10):
            seen.append(proc.read(name))
            with netns.inside(node.inside(net)):
                seen.append(proc.read(name))
        proc.close()
        return [*seen, sysctl.read("ipv4/conf/nobody/send_redirects")]

    assert node.do(alternating) == ["1", "0"] * 10 + [None]


def test_proxy_neighbours_of_ours_are_read_many_at_once_whatever_stands_beside_them(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, alone = {packed(f"198.18.{high}.{low}") for high in range(8) for low in range(250)}, list[memoryview]()

    def make() -> None:
        with closing(Channel(ROUTE)) as channel:
            channel.send([routes.add_proxy(address, index_of("ext0")) for address in ours])

    def read_alone(body: memoryview) -> dict[int, memoryview]:
        alone.append(body)
        return attributes(body)

    node.do(make)
    monkeypatch.setattr(routes, "attributes", read_alone)
    assert node.do(node.kernel.read_external).proxies == ours
    assert len(alone) < len(ours) // 2
    theirs = "ip neigh add proxy 192.0.2.88 dev ext0; ip neigh add proxy 192.0.2.89 dev ext0 protocol 5"
    netns.run(node.host, ["sh", "-c", theirs])
    assert node.do(node.kernel.read_external).proxies == ours


def test_an_address_that_stands_in_several_places_is_kept_once(node: Node) -> None:
    nets = [network(node.salt, name) for name in ("a", "b")]
    node.snapshot(*(binding(node.salt, net, 5, floating=f"192.0.2.{50 + number}") for number, net in enumerate(nets)))
    actual = node.do(node.kernel.read)
    kept: dict[Address, set[int]] = {}
    for state in actual.networks.values():
        for address in (*state.forward, *state.forward.values(), *state.backward, *state.backward.values()):
            kept.setdefault(address, set()).add(id(address))
    for address in (*actual.routes, *actual.holders):
        kept.setdefault(address, set()).add(id(address))
    assert {len(objects) for objects in kept.values()} == {1}


def test_a_link_that_is_called_as_a_folder_of_settings_is_no_such_folder() -> None:
    link = links.Link(7, "bridge", "veth", "02:00:00:00:00:07", "", (), True, True, 0, 0)
    wanted = (("bridge/bridge-nf-call-iptables", "0"), ("netfilter/nf_conntrack_events", "1"))
    present = {"bridge": link, "netfilter": link}
    assert inspection.setting_flaws(wanted, present, lambda name: "0" if name.startswith("bridge") else "2") == [
        "net/netfilter/nf_conntrack_events is not 1"
    ]
