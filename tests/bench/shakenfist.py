"""The peer of row 1: what Shaken Fist runs to float one interface, four programs one after the other.

An address on the network's outer NIC, a route, and two iptables rules, each through `ip netns exec` in the network's namespace.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from tests.lab.world import World
from tests.support import netns
from tests.support.netns import Nic
from tests.support.probes import udp_echo

INSTANCE = IPv4Interface("10.0.0.10/24")
OUTER, LAN_ADDRESS = "eth0", "192.168.20.90"


def find_program(name: str) -> Path | None:
    """Where a program really is, past the wrapper of tools/test-programs, whose time is not the peer's."""
    found = shutil.which(name)
    if found is None or ".tools" not in found:
        return Path(found) if found else None
    root = Path(found).parents[1] / "root"
    return next((path for part in ("usr/sbin", "sbin", "usr/bin", "bin") if (path := root / part / name).exists()), None)


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
        with udp_echo(instance):
            yield name


def float_interface(name: str, address: IPv4Address) -> None:
    """Runs the four programs."""
    ip, iptables = find_program("ip"), find_program("iptables-nft") or find_program("iptables")
    nat = [iptables, "-w", "10", "-t", "nat", "-A"]
    commands = (
        [ip, "addr", "add", f"{address}/32", "dev", OUTER],
        [ip, "route", "add", f"{address}/32", "dev", OUTER],
        [*nat, "PREROUTING", "-d", str(address), "-j", "DNAT", "--to-destination", str(INSTANCE.ip)],
        [*nat, "POSTROUTING", "-s", str(INSTANCE.ip), "-j", "SNAT", "--to-source", str(address)],
    )
    for command in commands:
        subprocess.run([str(word) for word in (ip, "netns", "exec", name, *command)], check=True, env=_environment())


def _environment() -> dict[str, str]:
    libraries = [str(path) for path in Path(".tools/root").resolve().glob("**/lib/*-linux-gnu")]
    plugins = {"XTABLES_LIBDIR": f"{libraries[0]}/xtables"} if libraries and not Path("/usr/sbin/iptables-nft").exists() else {}
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries), **plugins}
