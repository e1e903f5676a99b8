"""What a user reads where the kernel, or another program, does not let the agent do its work: what is wrong, and what to do."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

import pytest
from buoy_agent.core.actual import Parts
from buoy_agent.core.spec import Driver, packed
from buoy_agent.errors import KernelError

from tests.kernel.node import Node
from tests.support import netns
from tests.support.waiting import wait_for
from tests.unit.agent.bindings import binding, network

FLOAT = IPv4Address("192.0.2.50")
ANOTHER_SHAPE = "delete table ip buoy; table ip buoy { set floating_to_fixed { type ipv4_addr; }; }"


@contextmanager
def held(name: str) -> Iterator[None]:
    """The table of a namespace is another program's own, for the length of a `with`."""
    netns.run(name, ["nft", "delete table ip buoy"])
    process = netns.popen(name, ["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    with process.stdin as typed:
        try:
            typed.write(b"add table ip buoy { flags owner; }\n")
            typed.flush()
            wait_for("the table", lambda: "table ip buoy" in netns.run(name, ["nft", "list", "tables"]).stdout)
            yield
        finally:
            netns.stop(process)


def test_a_table_that_another_program_holds_is_named_and_made_when_that_ends(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with held(node.inside(net)):
        node.restart()
        (report,) = node.snapshot(one).reports
    words = "another program holds the nftables table buoy of this network for itself (flag owner): end that program"
    assert report.floating_error == words
    node.restart()
    assert [report.floating_error for report in node.snapshot(one).reports] == [""]


def test_a_table_of_another_shape_is_put_right(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    netns.run(node.inside(net), ["nft", ANOTHER_SHAPE])
    node.restart()
    assert [report.floating_error for report in node.snapshot(one).reports] == [""]
    assert node.elements(net) == {str(FLOAT): "10.0.0.5"}


def test_what_the_kernel_refuses_of_a_table_is_named_with_what_to_do(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    other = packed("10.0.0.6")
    with pytest.raises(KernelError) as refused:
        node.do(node.kernel.publish, Parts(net.id, ((packed(str(FLOAT)), other),), ((other, packed(str(FLOAT))),)))
    assert str(refused.value).startswith("writing the nftables table buoy of this network: the kernel refused: ")
    assert str(refused.value).endswith("; where it stays, delete the table: it is made anew")


def test_a_bridge_with_the_mac_of_a_nic_is_not_taken_for_it(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5)._replace(driver=Driver.ADOPT)
    netns.run(node.host, ["ip", "link", "add", "theirs", "address", one.macaddr, "type", "bridge"])
    assert [report.nic_error for report in node.snapshot(one).reports] == [f"no NIC with MAC {one.macaddr} on this node"]
