"""Gratuitous ARP on the external interface: neighbours that knew the address elsewhere learn its new place at once.

As request and as reply, since systems differ in which they heed (RFC 5227, section 3, and RFC 5944, section 4.6).
"""

import socket
import struct
from collections.abc import Iterable

from buoy_agent.core.spec import Address

_ETH_P_ARP = 0x0806
_BROADCAST = b"\xff" * 6
_REQUEST, _REPLY = 1, 2


def announce(interface: str, addresses: Iterable[Address]) -> None:
    """Sends both forms for each address once; raises OSError."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as sock:
        sock.bind((interface, 0))
        macaddr = sock.getsockname()[4]
        for address in addresses:
            for operation in (_REQUEST, _REPLY):
                sock.send(frame(macaddr, address, operation))


def frame(macaddr: bytes, address: Address, operation: int) -> bytes:
    """An ARP frame that says that the address is at the MAC."""
    head = _BROADCAST + macaddr + struct.pack(">H", _ETH_P_ARP)
    target = bytes(6) if operation == _REQUEST else macaddr
    return head + struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + macaddr + address + target + address
