"""The peer of row 1: what Shaken Fist runs to float one interface, four programs one after the other.

An address on the network's outer NIC, a route, and two iptables rules, each through `ip netns exec` in the network's namespace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from tests.bench.probing import echoing
from tests.bench.programs import program, run
from tests.lab.world import World
from tests.support import netns
from tests.support.netns import Nic

INSTANCE = IPv4Interface("10.0.0.10/24")
OUTER, LAN_ADDRESS = "eth0", "192.168.20.90"


@contextmanager
def network(world: World) -> Iterator[str]:
    """A network of Shaken Fist: a namespace between the LAN and an instance that echoes."""
    name, instance = f"{world.prefix}sf", f"{world.prefix}sfvm"
    with netns.namespace(name), netns.namespace(instance):
        netns.veth(Nic(world.lan, "sf"), Nic(name, OUTER, IPv4Interface(f"{LAN_ADDRESS}/24")))
        netns.enslave(world.lan, "br0", "sf")
        netns.veth(Nic(name, "inner", IPv4Interface("10.0.0.1/24")), Nic(instance, "eth0", INSTANCE))
        netns.default_route(instance, "10.0.0.1")
        netns.call(name, Path("/proc/sys/net/ipv4/ip_forward").write_text, "1")
        with echoing(instance):
            yield name


def float_interface(name: str, address: IPv4Address) -> None:
    """Runs the four programs."""
    ip, iptables = program("ip"), program("iptables-nft", "iptables")
    nat = [iptables, "-w", "10", "-t", "nat", "-A"]
    commands = (
        [ip, "addr", "add", f"{address}/32", "dev", OUTER],
        [ip, "route", "add", f"{address}/32", "dev", OUTER],
        [*nat, "PREROUTING", "-d", str(address), "-j", "DNAT", "--to-destination", str(INSTANCE.ip)],
        [*nat, "POSTROUTING", "-s", str(INSTANCE.ip), "-j", "SNAT", "--to-source", str(address)],
    )
    for command in commands:
        run(ip, "netns", "exec", name, *command)
