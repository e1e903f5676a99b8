"""Tries what the agent needs before anything is touched, and says in one line what is missing and what to do."""

import os
import socket
from collections.abc import Callable
from contextlib import closing
from ipaddress import IPv4Network
from pathlib import Path
from uuid import uuid4

from buoy_agent.core.spec import Network, NetworkId, packed
from buoy_agent.errors import KernelError, PrerequisiteError
from buoy_agent.kernel import conntrack, links
from buoy_agent.kernel.links import End
from buoy_agent.kernel.namespaces import DIRECTORY, Namespaces
from buoy_agent.kernel.netlink import NETFILTER, ROUTE, Channel
from buoy_agent.kernel.nft import Table

_CAPABILITIES = {"CAP_NET_BROADCAST": 11, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}


def check() -> None:
    """Raises PrerequisiteError for the first thing that is missing. Tries in a namespace of its own."""
    _privileges()
    probe = Namespaces("buoy-probe-")
    uuid = str(uuid4())
    try:
        _try(
            "a writable /run/netns and network namespaces", "mount a tmpfs on /run, or run as root", lambda: probe.create(uuid)
        )
        with probe.inside(uuid):
            _features(probe.host)
    finally:
        if (DIRECTORY / f"buoy-probe-{uuid}").exists():
            probe.delete(uuid)
        probe.close()


def _privileges() -> None:
    status = Path("/proc/thread-self/status").read_text(encoding="ascii").splitlines()
    effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    missing = [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]
    if missing:
        raise PrerequisiteError(
            f"missing privileges: {', '.join(missing)}; run as root, or give the service these capabilities"
        )
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except OSError as error:
        raise PrerequisiteError(
            f"cannot open a packet socket ({os.strerror(error.errno or 0)}); CONFIG_PACKET is needed"
        ) from error


def _features(other: int) -> None:
    with closing(Channel(ROUTE)) as channel, closing(Channel(NETFILTER)) as netfilter:
        advice = "load the module, or use a kernel that has it"
        _try("bridge (CONFIG_BRIDGE)", advice, lambda: channel.request(links.new_bridge("br0", "0e:00:00:00:00:01")))
        near, far = End("uplink", "0a:00:00:00:00:01"), End(f"probe-{os.getpid()}"[:15], "06:00:00:00:00:01")
        _try("veth (CONFIG_VETH)", advice, lambda: channel.request(links.new_veth(near, far, other)))
        links.remove_link(channel, links.read_links(channel)["uplink"].index)
        network = Network(NetworkId("probe"), IPv4Network("10.0.0.0/24"))
        _try(
            "nf_tables with nat, maps and ct (CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_CT)",
            advice,
            lambda: Table(netfilter).ensure(network),
        )
        _try("conntrack over netlink (CONFIG_NF_CT_NETLINK)", advice, lambda: conntrack.cut(netfilter, [packed("192.0.2.1")]))


def _try(what: str, advice: str, do: Callable[[], object]) -> None:
    try:
        do()
    except (KernelError, OSError) as error:
        raise PrerequisiteError(f"missing {what}: {error}; {advice}") from error
