"""Which network a namespace's number stands for: a notification of another namespace bears the host's number for that.

A number lasts as long as its namespace, and is given again afterwards; so what is remembered is checked against the name.
"""

import os
import struct
from collections.abc import Collection
from contextlib import closing

from buoy_agent.core.spec import NetworkId
from buoy_agent.errors import KernelError
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.netlink import ROUTE, Channel, attributes, number

_GETNSID = 90
_NSID, _FD = 1, 3
_RTGENMSG = bytes(4)


class Numbers:
    """Remembers numbers, and asks for all again where one is unknown."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._known: dict[int, tuple[NetworkId, int]] = {}

    def networks(self, wanted: set[int], networks: Collection[NetworkId]) -> dict[int, NetworkId]:
        """The networks that have one of the numbers."""
        found = self._remembered(wanted)
        if wanted - found.keys():
            self._ask(networks)
            found = self._remembered(wanted)
        return found

    def _remembered(self, wanted: set[int]) -> dict[int, NetworkId]:
        entries = ((value, self._known[value]) for value in wanted if value in self._known)
        return {value: network for value, (network, identity) in entries if self._namespaces.identity(network) == identity}

    def _ask(self, networks: Collection[NetworkId]) -> None:
        self._known = {}
        with closing(Channel(ROUTE)) as channel:
            for network in networks:
                try:
                    descriptor = self._namespaces.open(network)
                except KernelError:
                    continue  # gone meanwhile
                try:
                    answer = channel.get(_GETNSID, _RTGENMSG + number(_FD, descriptor))
                finally:
                    os.close(descriptor)
                value = attributes(answer[4:]).get(_NSID) if answer is not None else None
                if value is not None:
                    self._known[struct.unpack("=i", value)[0]] = (network, self._namespaces.identity(network))
