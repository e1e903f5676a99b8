"""Lines from a client to a server, each by way of a router of its own, whose rules are what is measured.

    client  eth<n> 172.16.<n>.1 ---- .2 uplink [router n] br0 172.17.<n>.1 ---- .2 eth<n>  server

A router's links are called as in a network's namespace, so that the agent's rules apply. Behind router n are the floats
100.<64 + 4n>.0.0/14; the server has every address of 10.0.0.0/14, and of the floats, where nobody translates.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from tests.support import netns
from tests.support.netns import Nic

PREFIX = "bench-line"
CLIENT, SERVER = f"{PREFIX}-client", f"{PREFIX}-server"
FIXED = IPv4Network("10.0.0.0/14")


def router(number: int) -> str:
    """The namespace of a router."""
    return f"{PREFIX}-router{number}"


def first_float(number: int) -> IPv4Address:
    """The first of the addresses that lead to a router."""
    return IPv4Address("100.64.0.0") + (number << 18)


@contextmanager
def lines(*prepare: Callable[[int], None]) -> Iterator[None]:
    """As many lines as there are functions to prepare a router, each called in its namespace with its number."""
    with ExitStack() as stack:
        for name in (CLIENT, SERVER, *(router(number) for number in range(len(prepare)))):
            stack.enter_context(netns.namespace(name))
        with netns.links(SERVER) as links:
            links.route("add", dst=str(FIXED), type="local", scope="host", oif=1, table=255)
        for number, function in enumerate(prepare):
            _line(number)
            netns.call(router(number), function, number)
        yield


def _line(number: int) -> None:
    client, server, own, floats = (
        f"172.16.{number}.",
        f"172.17.{number}.",
        f"eth{number}",
        f"{first_float(number)}/14",
    )
    name = router(number)
    netns.veth(Nic(CLIENT, own, IPv4Interface(client + "1/24")), Nic(name, "uplink", IPv4Interface(client + "2/24")))
    netns.veth(Nic(name, "br0", IPv4Interface(server + "1/24")), Nic(SERVER, own, IPv4Interface(server + "2/24")))
    with netns.links(CLIENT) as links:
        links.route("add", dst=floats, gateway=client + "2")
    with netns.links(name) as links:
        for behind in (str(FIXED), floats):
            links.route("add", dst=behind, gateway=server + "2")
    with netns.links(SERVER) as links:
        links.route("add", dst=client + "0/24", gateway=server + "1")
        links.route("add", dst=floats, type="local", scope="host", oif=1, table=255)
    netns.call(name, Path("/proc/sys/net/ipv4/ip_forward").write_text, "1")
    for place in (SERVER, CLIENT, name):
        netns.call(place, Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text, "0")
