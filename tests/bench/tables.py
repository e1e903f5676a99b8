"""The agent's table in a namespace of its own, with as many floats as asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network

from buoy_agent.core.spec import Address, Network, NetworkId
from buoy_agent.kernel.netlink import NETFILTER, Channel
from buoy_agent.kernel.nft import Table

from tests.support import netns

Pair = tuple[Address, Address]
FLOATS, FIXED = IPv4Address("100.64.0.0"), IPv4Address("10.0.0.2")
NETWORK = Network(NetworkId("5f0e0000-0000-4000-8000-000000000000"), IPv4Network("10.0.0.0/14"))


def pairs(count: int, first: IPv4Address = FLOATS) -> list[Pair]:
    """Floating and fixed addresses, one after the other."""
    return [(Address((first + place).packed), Address((FIXED + place).packed)) for place in range(count)]


def swapped(listed: list[Pair]) -> list[Pair]:
    """The same pairs for the way back."""
    return [(fixed, floating) for floating, fixed in listed]


@contextmanager
def opened(name: str) -> Iterator[tuple[Table, Channel]]:
    """The table of a namespace, which the calling thread is in for the length of a `with`."""
    with netns.inside(name):
        channel = Channel(NETFILTER)
        table = Table(channel)
        table.ensure(NETWORK)
        try:
            yield table, channel
        finally:
            channel.close()


def fill(table: Table, listed: list[Pair], back: list[Pair] | None = None) -> None:
    """Adds pairs to both maps; `back` are the same pairs swapped, where they are at hand."""
    table.add(listed, swapped(listed) if back is None else back)


def clear(table: Table, listed: list[Pair]) -> None:
    """Deletes them again."""
    table.delete([floating for floating, _ in listed], [fixed for _, fixed in listed])
