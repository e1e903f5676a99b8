"""Tries what the agent needs before anything is touched, and says what is missing and what to do."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from uuid import uuid4

from buoy_agent.core.spec import Network, NetworkId, packed, text
from buoy_agent.errors import KernelError, PrerequisiteError
from buoy_agent.kernel import conntrack, inspection, links, routes, sysctl
from buoy_agent.kernel.links import End
from buoy_agent.kernel.namespaces import DIRECTORY, Namespaces
from buoy_agent.kernel.naming import is_outer_name
from buoy_agent.kernel.netlink import NETFILTER, ROUTE, Channel
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.watch import Watch

_CAPABILITIES = {"CAP_NET_BROADCAST": 11, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}
_MODULE = "load the module, or use a kernel that has it"
_PROTOCOL_NAMES = (Path("/etc/iproute2"), Path("/usr/share/iproute2"), Path("/usr/lib/iproute2"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: what is wrong with it (empty when nothing is), and what to do."""

    what: str
    wrong: str = ""
    advice: str = ""


def check() -> None:
    """Raises PrerequisiteError for the first thing that an agent cannot start without."""
    for finding in needed():
        if finding.wrong:
            raise PrerequisiteError(f"missing {finding.what}: {finding.wrong}; {finding.advice}")


def survey(external_interface: str, protocol: int) -> Iterator[Finding]:
    """Everything, also what an agent waits for, or would run into later."""
    yield from needed()
    yield _external(external_interface)
    yield _protocol(protocol)


def needed() -> Iterator[Finding]:
    """Privileges and kernel features, tried in a namespace of its own."""
    yield _privileges()
    yield _tried("packet sockets (CONFIG_PACKET)", _MODULE, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close())
    probe, uuid = Namespaces("buoy-probe-"), str(uuid4())
    try:
        made = _tried(
            "a writable /run/netns and network namespaces", "mount a tmpfs on /run, or run as root", lambda: probe.create(uuid)
        )
        yield made
        if made.wrong:
            return
        with probe.inside(uuid):
            found = list(_features(probe.host))
        yield from found
    finally:
        if (DIRECTORY / f"buoy-probe-{uuid}").exists():
            probe.delete(uuid)
        probe.close()


def _privileges() -> Finding:
    status = Path("/proc/thread-self/status").read_text(encoding="ascii").splitlines()
    effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    missing = [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]
    return Finding("privileges", ", ".join(missing), "run as root, or give the service these capabilities")


def _external(name: str) -> Finding:
    with closing(Channel(ROUTE)) as channel:
        present = links.read_links(channel)
    what = f"the external interface {name}"
    if name not in present:
        others = ", ".join(sorted(other for other in present if other != "lo" and not is_outer_name(other)))
        return Finding(
            what, f"not there; there is {others or 'no NIC but lo'}", "set --external-interface; an agent would wait for it"
        )
    if not present[name].is_up:
        return Finding(what, "down", f"ip link set {name} up; an agent would wait for it")
    forwarding = Path(f"/proc/sys/net/ipv4/conf/{name}/forwarding")
    if not os.access(forwarding, os.W_OK):
        return Finding(what, f"{forwarding} cannot be written", "give the service a writable /proc/sys/net")
    return Finding(what)


def _protocol(number: int) -> Finding:
    """Whether somebody else's routes bear our number, or another program's name stands for it."""
    what = f"a route protocol of our own ({number})"
    with closing(Channel(ROUTE)) as channel:
        ours = {link.index for link in links.read_links(channel).values() if is_outer_name(link.name)}
        found = (entry for piece in routes.read_routes(channel, wanted=number) for entry in piece)
        foreign = [address for address, link in found if link not in ours]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        return Finding(what, f"routes that are not ours bear it: to {text(foreign[0])}{more}", "set --route-protocol")
    name = _protocol_name(number)
    return Finding(what, f"iproute2 knows it as {name}" if name not in ("", "buoy") else "", "set --route-protocol")


def _protocol_name(number: int) -> str:
    files = [path for folder in _PROTOCOL_NAMES for path in (folder / "rt_protos", *(folder / "rt_protos.d").glob("*.conf"))]
    for path in files:
        if path.is_file():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.split()[:1] == [str(number)]:
                    return line.split()[-1]
    return ""


def _features(other: int) -> Iterator[Finding]:
    with closing(Channel(ROUTE)) as channel, closing(Channel(NETFILTER)) as netfilter:
        yield _tried("bridge (CONFIG_BRIDGE)", _MODULE, lambda: channel.request(links.new_bridge("br0", "0e:00:00:00:00:01")))
        yield _tried("writable settings (/proc/sys/net)", "give the service a writable /proc/sys/net", _settings)
        yield _tried("veth (CONFIG_VETH)", _MODULE, lambda: _veth(channel, other))
        network = Network(NetworkId("probe"), IPv4Network("10.0.0.0/24"))
        nft = "nf_tables with nat, maps, ct and fib (CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_CT, CONFIG_NFT_FIB_IPV4)"
        yield _tried(nft, _MODULE, lambda: Table(netfilter).ensure(network))
        yield _tried(
            "conntrack over netlink (CONFIG_NF_CT_NETLINK)", _MODULE, lambda: conntrack.cut(netfilter, [packed("192.0.2.1")])
        )
        yield _tried("notifications of all namespaces", "use Linux 4.2 or newer", lambda: Watch("").close())


def _settings() -> None:
    for name, value in inspection.OF_BRIDGE:
        sysctl.set_value(name, value)
    for name, value in inspection.OPTIONAL:
        sysctl.set_value(name, value, optional=True)


def _veth(channel: Channel, other: int) -> None:
    near, far = End("uplink", "0a:00:00:00:00:01"), End(f"probe-{os.getpid()}"[:15], "06:00:00:00:00:01")
    channel.request(links.new_veth(near, far, other))
    links.remove_link(channel, links.read_links(channel)["uplink"].index)


def _tried(what: str, advice: str, do: Callable[[], object]) -> Finding:
    try:
        do()
    except (KernelError, OSError) as error:
        return Finding(what, str(error), advice)
    return Finding(what)
