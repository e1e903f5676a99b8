"""What others do to what is ours is seen at once and put right; what is theirs is left alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

import pytest
from buoy_agent.core.actual import Parts
from buoy_agent.core.drift import Places
from buoy_agent.core.spec import Binding, packed
from buoy_agent.kernel.watch import Watch
from buoy_agent.sync import patrol
from buoy_agent.sync.reconciler import CheckDue, Outcome

from tests.kernel.node import EXTERNAL, Node
from tests.kernel.test_restart import DAMAGE
from tests.support import netns
from tests.support.waiting import wait_for
from tests.support.web import Download, fetch, http_server
from tests.unit.agent.bindings import binding, floated, network

FLOAT = IPv4Address("192.0.2.50")
BEYOND = {
    "the whole ruleset": ("network", "nft flush ruleset"),
    "a rule under our own comment": ("network", "nft replace rule ip buoy guard handle {guard} counter comment {comment}"),
    "a chain's policy": ("network", "nft chain ip buoy forward '{{ policy drop; }}'"),
    "a dormant table": ("network", "nft add table ip buoy '{{ flags dormant; }}'"),
    "a dormant table with a chain's policy": (
        "network",
        "nft 'add chain ip buoy forward { policy drop; }'; nft 'add table ip buoy { flags dormant; }'",
    ),
    "a map that forgets": (
        "network",
        "nft 'flush ruleset; add table ip buoy; add map ip buoy fixed_to_floating { type ipv4_addr : ipv4_addr; timeout 1s; }'",
    ),
    "a map that leads to a chain of theirs": (
        "network",
        "nft 'add chain ip buoy more; add map ip buoy more { type mark : verdict; elements = { 7 : jump more }; }'",
    ),
    "forwarding off": ("network", "for on in 1 0; do echo $on > /proc/sys/net/ipv4/ip_forward; done"),
    "rp_filter on": ("network", "echo 1 > /proc/sys/net/ipv4/conf/uplink/rp_filter"),
    "the default route": ("network", "ip route flush proto 98"),
    "the neighbour of the uplink": ("network", "ip neigh flush nud permanent dev uplink"),
    "the host's neighbour": ("host", "ip neigh del 169.254.187.2 dev {outer}"),
    "the host's end, deleted": ("host", "ip link delete {outer}"),
    "the host's forwarding": ("host", "for on in 1 0; do echo $on > /proc/sys/net/ipv4/ip_forward; done"),
    "a route of ours that leads elsewhere": ("host", "ip route replace 192.0.2.50/32 dev lo proto 98"),
}
# Nothing notifies of these: the full check finds them.
SILENT = {
    "the proxy neighbour": DAMAGE["the proxy neighbour"],
    "a proxy neighbour of nobody's": DAMAGE["a proxy neighbour of nobody's"],
    "iptables on bridges": ("network", "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables"),
    "redirects": ("network", "echo 1 > /proc/sys/net/ipv4/conf/all/send_redirects"),
    "proxy_delay": ("host", "echo 80 > /proc/sys/net/ipv4/neigh/ext0/proxy_delay"),
}
HEARD = {name: damage for name, damage in {**DAMAGE, **BEYOND}.items() if name not in SILENT}


@dataclass
class Listening:
    """A node whose agent listens; `turn` is what the agent's loop does when something has come."""

    node: Node
    watch: Watch
    now: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)

    def turn(self, *arrivals: Any) -> Outcome:
        """Works in what has come; time goes on by a second."""
        self.now += 1.0
        places = self.node.do(self.watch.heard)
        outcome = self.node.do(self.node.reconciler.work, [*([places] if places else []), *arrivals], self.now)
        self.outcomes.append(outcome)
        return outcome

    def settle(self) -> None:
        """Turns until nothing comes any more, late words of carriers neither, and nothing is due at once."""
        self.node.await_carriers()
        quiet = 0
        while quiet < 3:
            before = self.node.kernel.writes
            quiet = 0 if self.turn().next_due == 0.0 or self.node.kernel.writes != before else quiet + 1

    def check(self) -> None:
        """A full check, to its end."""
        done = self.node.reconciler.patrol.full_checks
        self.turn(CheckDue())
        wait_for("the full check", lambda: self.turn() and self.node.reconciler.patrol.full_checks > done)

    @property
    def found(self) -> list[str]:
        """What was found, in words."""
        return [words for repair in self.node.reconciler.patrol.repairs.last for words in repair.words]


@contextmanager
def listening(node: Node) -> Iterator[Listening]:
    """Listens from here on."""
    watch = node.do(Watch, EXTERNAL)
    try:
        yield Listening(node, watch)
    finally:
        watch.close()


@pytest.fixture
def ear(node: Node) -> Iterator[Listening]:
    """A node that listens, with nothing on it yet."""
    with listening(node) as made:
        yield made


def damage(node: Node, one: Binding, where: str, command: str) -> None:
    """Does what somebody else would do."""
    rule = _guard(node, one)
    values = {
        "outer": node.routes()[str(FLOAT)],
        "port": f"nic-{one.interface.replace('-', '')[:10]}",
        "guard": str(rule["handle"]),
        "comment": f"'\"{rule['comment']}\"'",
    }
    for name, value in values.items():
        command = command.replace(f"{{{name}}}", value)
    command = command.replace("{{", "{").replace("}}", "}").replace("{ 1", "'{ 1").replace("0 }", "0 }'").replace("5 }", "5 }'")
    command = command.replace("66 }", "66 }'")
    netns.run(node.host if where == "host" else node.inside(one.network), ["sh", "-c", command])


def _guard(node: Node, one: Binding) -> dict[str, Any]:
    shown = node.show(node.inside(one.network), "nft", "--json", "list", "chain", "ip", "buoy", "guard")
    rule: dict[str, Any] = next(entry["rule"] for entry in shown["nftables"] if "rule" in entry)
    return rule


def is_right(node: Node, one: Binding) -> bool:
    """What nft and ip show is what one float needs."""
    try:
        pairs = (node.elements(one.network), node.elements(one.network, "fixed_to_floating"))
    except Exception:  # noqa: BLE001 - the table or the namespace is not there (yet)
        return False
    entries = pairs == ({str(FLOAT): "10.0.0.5"}, {"10.0.0.5": str(FLOAT)})
    return entries and set(node.routes()) == node.proxies() == {str(FLOAT)}


@pytest.mark.parametrize("what", HEARD)
def test_what_is_notified_is_put_right_at_once(ear: Listening, what: str) -> None:
    node = ear.node
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    assert ear.found == []
    with http_server(node.inside(one), "one"):
        assert fetch(node.client, FLOAT).served_by == "one"
        damage(node, one, *HEARD[what])
        wait_for("the repair", lambda: ear.turn() and ear.found and is_right(node, one))
        ear.settle()
        if what != "the NIC's port":
            assert fetch(node.client, FLOAT).served_by == "one"
    node.restart()
    node.snapshot(one)
    assert node.kernel.writes == 0


@pytest.mark.parametrize("what", SILENT)
def test_what_nothing_notifies_of_is_put_right_by_the_full_check(ear: Listening, what: str) -> None:
    node = ear.node
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    damage(node, one, *SILENT[what])
    ear.check()
    assert ear.found
    assert is_right(node, one)
    node.restart()
    node.snapshot(one)
    assert node.kernel.writes == 0


def test_our_own_changes_are_not_taken_for_somebody_elses_and_a_check_writes_nothing(ear: Listening) -> None:
    node = ear.node
    red, blue = network(node.salt, "red", egress="192.0.2.100"), network(node.salt, "blue")
    bindings = [binding(node.salt, red, host, floating=f"192.0.2.{host}") for host in range(20, 30)]
    bindings += [binding(node.salt, blue, 5, floating="192.0.2.60")]
    node.snapshot(*bindings)
    ear.settle()
    for entry in bindings:
        node.change(floated(entry, None))
        ear.turn()
    node.change(removed=tuple(bindings[:5]))
    ear.settle()
    writes = node.kernel.writes
    ear.check()
    assert (node.kernel.writes, ear.found) == (writes, [])


def test_one_float_costs_no_look_at_the_kernel(ear: Listening) -> None:
    node = ear.node
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    node.change(floated(one, None))
    heard = node.do(ear.watch.heard)
    heard.links.clear()  # a bridge tells of its ports again, 15 s after they came up
    heard.names = False  # of the whole machine: other tests delete namespaces
    assert heard == Places()


def test_what_others_do_during_a_great_change_goes_unheard_and_is_found_after_it(
    ear: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, publish, heard = ear.node, ear.node.kernel.publish, list[Places]()
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))

    def with_others_about(parts: Parts) -> None:
        publish(parts)
        if not heard:
            damage(node, one, *DAMAGE["an element"])
            heard.append(ear.watch.heard())

    node.snapshot(one)
    node.change(floated(one, None))
    ear.settle()
    monkeypatch.setattr(patrol, "MANY", 1)
    monkeypatch.setattr(node.reconciler.patrol, "_deaf", ear.watch.deaf)
    monkeypatch.setattr(node.kernel, "publish", with_others_about)
    node.change(one._replace(generation=3))
    assert heard[0].tables == set()
    wait_for("the repair", lambda: ear.turn() and is_right(node, one))
    damage(node, one, *DAMAGE["the other element"])
    assert ear.turn().repairs
    assert is_right(node, one)


def test_what_is_theirs_is_neither_touched_nor_looked_at(ear: Listening) -> None:
    node = ear.node
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    rule = "ip daddr 198.51.100.7 dnat to 10.9.9.9"
    theirs = f"table ip nat {{ chain prerouting {{ type nat hook prerouting priority -100; {rule}; }}; }}"
    for _ in range(3):
        netns.run(node.inside(net), ["sh", "-c", f"nft delete table ip nat 2>/dev/null; nft '{theirs}'"])
        netns.run(node.host, ["nft", theirs])
        netns.run(node.host, ["nft", "delete", "table", "ip", "nat"])
        assert node.do(ear.watch.heard).tables == set()
    writes = node.kernel.writes
    ear.turn()
    ear.check()
    assert (node.kernel.writes, ear.found) == (writes, [])
    assert "198.51.100.7" in netns.run(node.inside(net), ["nft", "list", "ruleset"]).stdout


def test_a_flush_is_repaired_and_others_networks_keep_their_connections(ear: Listening) -> None:
    node = ear.node
    red, blue = network(node.salt, "red"), network(node.salt, "blue")
    one, two = binding(node.salt, red, 5, floating=str(FLOAT)), binding(node.salt, blue, 5, floating="192.0.2.60")
    node.snapshot(one, two)
    ear.settle()
    with http_server(node.inside(two), "two"):
        download = Download(node.client, IPv4Address("192.0.2.60"))
        for _ in range(3):
            netns.run(node.inside(red), ["nft", "flush", "ruleset"])
            netns.run(node.host, ["nft", "flush", "ruleset"])
            ear.now += 100
            wait_for("the repair", lambda: ear.turn() and node.elements(red) == {str(FLOAT): "10.0.0.5"})
        assert download.longest_gap < 1.0
        download.close()
    assert all("element" in words or "the nftables table is gone" in words for words in ear.found)


def test_two_that_fight_do_so_ever_more_slowly_and_the_last_repairs_are_remembered(ear: Listening) -> None:
    node = ear.node
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    repairs = node.reconciler.patrol.repairs
    for _ in range(40):  # seconds, by the agent's clock
        if node.elements(net):
            netns.run(node.inside(net), ["nft", "delete element ip buoy floating_to_fixed { 192.0.2.50 }"])
        ear.turn()
    assert 3 < repairs.count < 15
    ear.now += 100
    ear.turn()
    assert node.elements(net) == {str(FLOAT): "10.0.0.5"}
    assert len(repairs.last) == min(repairs.count, 20)


def test_lost_notifications_lead_to_a_full_check(ear: Listening) -> None:
    node = ear.node
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["ip", "neigh", "del", "proxy", str(FLOAT), "dev", EXTERNAL])
    node.do(node.reconciler.work, [Places(lost=True)], 1.0)
    wait_for("the repair", lambda: ear.turn() and is_right(node, one))


@pytest.mark.parametrize("more", ["delete element ip buoy floating_to_fixed { 192.0.2.51 }", "insert rule ip buoy guard drop"])
def test_what_a_failure_comes_upon_is_put_right_though_nothing_is_new_when_it_is_looked_at(ear: Listening, more: str) -> None:
    node = ear.node
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6, floating="192.0.2.51")
    node.snapshot(one, two)
    ear.settle()
    netns.run(node.inside(net), ["ip", "link", "delete", "uplink"])
    netns.run(node.inside(net), ["nft", more])
    node.do(node.reconciler.work, [Places(routes={packed(str(FLOAT))})], ear.now)  # all that is heard of it at first
    ear.settle()
    assert node.elements(net) == {str(FLOAT): "10.0.0.5", "192.0.2.51": "10.0.0.6"}
    assert set(node.routes()) == {str(FLOAT), "192.0.2.51"}
    assert "the uplink is gone" in ear.found
    with http_server(node.inside(two), "two"):
        assert fetch(node.client, IPv4Address("192.0.2.51")).served_by == "two"


def test_floats_are_announced_again_when_the_external_interface_has_its_carrier_back(ear: Listening) -> None:
    node = ear.node
    node.snapshot(binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT)))
    ear.settle()

    def has_carrier() -> bool:
        ear.turn(Places(external=True))
        return node.do(node.kernel.read_external).has_carrier

    netns.run(node.client, ["ip", "link", "set", "eth0", "down"])
    wait_for("the loss", lambda: not has_carrier())
    ear.turn(Places(external=True))
    ear.settle()
    netns.run(node.client, ["ip", "link", "set", "eth0", "up"])
    wait_for("the carrier", has_carrier)
    ear.turn(Places(external=True))
    assert packed(str(FLOAT)) in ear.outcomes[-1].published | ear.outcomes[-2].published
    ear.settle()
    ear.turn(Places(external=True))
    assert not ear.outcomes[-1].published  # and once


def test_a_namespace_that_loses_its_name_is_made_again(ear: Listening) -> None:
    node = ear.node
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    netns.delete(node.inside(one.network))
    wait_for("the repair", lambda: ear.turn() and is_right(node, one))
    ear.settle()
    with http_server(node.inside(one), "one"):
        assert fetch(node.client, FLOAT).served_by == "one"
    assert "the namespace is gone" in ear.found


@pytest.mark.parametrize("how", ["down", "gone"])
def test_an_external_interface_that_goes_and_comes_back_is_reported_and_made_good(ear: Listening, how: str) -> None:
    node = ear.node
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["ip", "link", *(("set", EXTERNAL, "down") if how == "down" else ("delete", EXTERNAL))])
    reports = wait_for("the report", lambda: ear.turn().reports)
    state = "down" if how == "down" else "not there"
    assert [report.floating_error for report in reports] == [f"the external interface {EXTERNAL} is {state}"]
    if how == "down":
        netns.run(node.host, ["ip", "link", "set", EXTERNAL, "up"])
    else:
        ends = netns.Nic(node.host, EXTERNAL, IPv4Interface("192.0.2.1/24")), netns.Nic(node.client, "eth0")
        netns.veth(*ends)
        netns.run(node.client, ["ip", "addr", "add", "192.0.2.9/24", "dev", "eth0"])
    wait_for("the way back", lambda: ear.turn().published)
    outcome = ear.outcomes[-1]
    assert outcome.published == {packed(str(FLOAT))}  # and so announced
    assert [report.floating_error for report in outcome.reports] == [""]
    ear.settle()
    with http_server(node.inside(one), "one"):
        assert fetch(node.client, FLOAT).served_by == "one"
