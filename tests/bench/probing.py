"""A stream of datagrams to an address, until the first comes back."""

import select
import socket
import time
from ipaddress import IPv4Address

from tests.support.netns import inside
from tests.support.probes import ECHO_PORT

GAP = 0.0002  # seconds between two datagrams
GIVEN_UP = 10.0


class Prober:
    """Asks from inside one namespace; nothing is resolved by ARP, since the addresses are routed by way of a node."""

    def __init__(self, netns: str) -> None:
        """Opens its socket."""
        with inside(netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def first_echo(self, address: IPv4Address) -> float:
        """Asks until an answer comes from this address, and returns the time of that moment (perf_counter)."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < GIVEN_UP:
            self._ask(address)
            if select.select([self._socket], [], [], GAP)[0] and self._answered(address):
                return time.perf_counter()
        raise TimeoutError(f"no packet passed to {address} within {GIVEN_UP:g} s")

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def _ask(self, address: IPv4Address) -> None:
        try:
            self._socket.sendto(address.packed, (str(address), ECHO_PORT))
        except OSError:
            return  # an ICMP error of an earlier one; it is not there yet

    def _answered(self, address: IPv4Address) -> bool:
        try:
            return self._socket.recv(100) == address.packed
        except OSError:
            return False
