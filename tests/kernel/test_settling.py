"""What tests and measurements rely on: a namespace that was deleted is cleaned up when they have waited for that."""

from uuid import uuid4

from tests.support import netns
from tests.support.netns import Nic


def test_when_the_kernel_has_settled_nothing_of_deleted_namespaces_is_left() -> None:
    with netns.namespace(f"s{uuid4().hex[:8]}") as here:
        gone = [f"{here}-{number}" for number in range(5)]
        for number, name in enumerate(gone):
            netns.create(name)
            netns.veth(Nic(here, f"near{number}"), Nic(name, "far"))
        for name in gone:
            netns.delete(name)
        netns.settle()
        with netns.links(here) as ipr:
            assert [link.get("ifname") for link in ipr.get_links()] == ["lo"]
