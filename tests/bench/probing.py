"""A stream of datagrams to an address, until the first comes back.

Each datagram is a flow of its own: one that arrives half-way through the programming of a float may leave a conntrack entry
without translation behind, which shadows its flow as long as it lasts. Buoy cuts those; a peer that does not would never pass.
"""

import select
import socket
import time
from contextlib import ExitStack
from ipaddress import IPv4Address

from tests.support.netns import inside
from tests.support.probes import ECHO_PORT

GAP_MS = 0.2  # between two datagrams
GIVEN_UP = 10.0


def first_echo(netns: str, address: IPv4Address) -> float:
    """Asks from inside the namespace until an answer comes, and returns the time of that moment (perf_counter).

    Nothing is resolved by ARP for it, since the addresses are routed by way of a node.
    """
    deadline = time.perf_counter() + GIVEN_UP
    with inside(netns), ExitStack() as opened, select.epoll() as answers:
        while time.perf_counter() < deadline:
            asked = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            answers.register(asked, select.EPOLLIN)
            asked.sendto(address.packed, (str(address), ECHO_PORT))
            if any(event & select.EPOLLIN and not event & select.EPOLLERR for _, event in answers.poll(GAP_MS / 1000)):
                return time.perf_counter()
    raise TimeoutError(f"no packet passed to {address} within {GIVEN_UP:g} s")
