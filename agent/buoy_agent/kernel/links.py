"""Links and addresses through rtnetlink: read, made, changed, in the namespace of the channel."""

import struct
from dataclasses import dataclass

from buoy_agent.core.spec import Address
from buoy_agent.errors import KernelError
from buoy_agent.kernel.netlink import (
    CREATE,
    EXCL,
    REPLACE,
    Channel,
    Message,
    as_text,
    attribute,
    attributes,
    elements,
    nest,
    number,
    words,
)

NEWLINK, DELLINK, GETLINK, _NEWADDR, _DELADDR, _GETADDR = 16, 17, 18, 20, 21, 22
_IFINFO = struct.Struct("=BxHiII")
_IFADDR = struct.Struct("=BBBBi")
UP, _RUNNING = 1, 0x40
_ADDRESS, _NAME, _PEER, _MASTER, _INFO, _ALIAS, _GROUP = 1, 3, 5, 10, 18, 20, 27
_NS_FD, _EXT_MASK, _PEER_NS, _PROPERTIES = 28, 29, 37, 52
_FAMILIES, _AF_INET, _CONF = 26, 2, 1  # IFLA_AF_SPEC, IFLA_INET_CONF: as many numbers as the kernel has settings
_SETTINGS = {"forwarding": 1, "send_redirects": 6, "rp_filter": 8}  # IPV4_DEVCONF_*, which count from 1
_SKIP_STATISTICS = 8
_NO_DEVICE = 19


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the kernel shows it; `peer` is the index of a veth's other end, 0 where that is in another namespace."""

    index: int
    name: str
    kind: str
    macaddr: str
    alias: str
    altnames: tuple[str, ...]
    is_up: bool
    has_carrier: bool
    peer: int
    master: int
    settings: bytes = b""  # of IPv4, packed; nothing where the link has no IPv4

    @property
    def identity(self) -> tuple[int, str, str, str, tuple[str, ...], int]:
        """What it is known by; its state may change and it is still the same."""
        return self.index, self.name, self.macaddr, self.alias, self.altnames, self.peer

    def setting(self, name: str) -> str | None:
        """One of `ipv4/conf/<link>`, as /proc/sys has it; None where the link has none."""
        offset = 4 * _SETTINGS[name] - 4
        return str(struct.unpack_from("=i", self.settings, offset)[0]) if len(self.settings) > offset else None


@dataclass(frozen=True, slots=True)
class End:
    """One end of a veth to be made."""

    name: str
    macaddr: str | None = None


def read_links(channel: Channel) -> dict[str, Link]:
    """All links by name."""
    request = _IFINFO.pack(0, 0, 0, 0, 0) + number(_EXT_MASK, _SKIP_STATISTICS)
    links = (parse_link(body) for kind, body in channel.dump(GETLINK, request) if kind == NEWLINK)
    return {link.name: link for link in links}


def read_link(channel: Channel, name: str) -> Link | None:
    """One link by its name; asking for one costs the same however many there are."""
    body = channel.get(GETLINK, _IFINFO.pack(0, 0, 0, 0, 0) + words(_NAME, name) + number(_EXT_MASK, _SKIP_STATISTICS))
    return None if body is None else parse_link(body)


def parse_link(body: memoryview) -> Link:
    """One NEWLINK message."""
    _, _, index, flags, _ = _IFINFO.unpack_from(body)
    found = attributes(body[_IFINFO.size :])
    info = attributes(found.get(_INFO, b""))
    listed = elements(found.get(_PROPERTIES, b""))
    inet = attributes(attributes(found.get(_FAMILIES, b"")).get(_AF_INET, b""))
    return Link(
        index=index,
        name=as_text(found.get(_NAME)),
        kind=as_text(info.get(1)),
        macaddr=bytes(found.get(_ADDRESS, b"")).hex(":"),
        alias=as_text(found.get(_ALIAS)),
        altnames=tuple(as_text(name) for name in listed),
        is_up=bool(flags & UP),
        has_carrier=bool(flags & _RUNNING),
        peer=0 if _PEER_NS in found else _integer(found.get(_PEER)),
        master=_integer(found.get(_MASTER)),
        settings=bytes(inet.get(_CONF, b"")),
    )


def new_bridge(name: str, macaddr: str) -> Message:
    """A bridge, up, that does not learn its MAC from its ports, without spanning tree and with no delay before forwarding."""
    info = nest(_INFO, words(1, "bridge"))
    return Message(NEWLINK, CREATE | EXCL, _up() + words(_NAME, name) + attribute(_ADDRESS, _mac(macaddr)) + info)


def new_veth(near: End, far: End, far_namespace: int, *, master: int = 0) -> Message:
    """A veth: `near` here, up (a port of `master`), `far` in the namespace of that descriptor, down.

    The far end cannot come up in the same request: veth_open answers ENOTCONN until both ends know each other.
    """
    peer = _IFINFO.pack(0, 0, 0, 0, 0) + _end(far) + number(_NS_FD, far_namespace)
    info = nest(_INFO, words(1, "veth"), nest(2, attribute(1, peer)))
    port = number(_MASTER, master) if master else b""
    return Message(NEWLINK, CREATE | EXCL, _up() + _end(near) + port + info)


def set_link(
    index: int,
    *,
    up: bool | None = None,
    alias: str | None = None,
    macaddr: str | None = None,
    master: int | None = None,
    namespace: int | None = None,
) -> Message:
    """Changes a link; what is None stays."""
    parts = [_IFINFO.pack(0, 0, index, UP if up else 0, 0 if up is None else UP)]
    if alias is not None:
        parts.append(attribute(_ALIAS, alias.encode()) if alias else attribute(_ALIAS, b""))
    if macaddr is not None:
        parts.append(attribute(_ADDRESS, _mac(macaddr)))
    if master is not None:
        parts.append(number(_MASTER, master))
    if namespace is not None:
        parts.append(number(_NS_FD, namespace))
    return Message(NEWLINK, 0, b"".join(parts))


def delete_link(index: int) -> Message:
    """Removes a link; of a veth, both ends."""
    return Message(DELLINK, 0, _IFINFO.pack(0, 0, index, 0, 0))


def set_group(index: int, group: int) -> Message:
    """Puts a link into a group."""
    return Message(NEWLINK, 0, _IFINFO.pack(0, 0, index, 0, 0) + number(_GROUP, group))


def delete_group(group: int) -> Message:
    """Removes all links of a group at once: the kernel waits for its readers once, not once a link (some 10 ms each)."""
    return Message(DELLINK, 0, _IFINFO.pack(0, 0, 0, 0, 0) + number(_GROUP, group))


def new_address(index: int, address: Address, prefixlen: int) -> Message:
    """Puts an address on a link; the same one again is no error."""
    head = _IFADDR.pack(_AF_INET, prefixlen, 0, 0, index)
    return Message(_NEWADDR, CREATE | REPLACE, head + attribute(2, address) + attribute(1, address))


def delete_address(index: int, address: Address, prefixlen: int) -> Message:
    """Takes an address from a link."""
    return Message(_DELADDR, 0, _IFADDR.pack(_AF_INET, prefixlen, 0, 0, index) + attribute(2, address))


def read_addresses(channel: Channel, index: int) -> list[tuple[Address, int]]:
    """The IPv4 addresses of a link, with their prefix lengths."""
    found = []
    for _, body in channel.dump(_GETADDR, _IFADDR.pack(_AF_INET, 0, 0, 0, index)):
        _, prefixlen, _, _, where = _IFADDR.unpack_from(body)
        parts = attributes(body[_IFADDR.size :])
        if where == index and 2 in parts:
            found.append((Address(bytes(parts[2])), prefixlen))
    return found


def remove_link(channel: Channel, index: int) -> None:
    """Removes a link now; one that is gone is no error."""
    try:
        channel.request(delete_link(index))
    except KernelError as error:
        if error.number != _NO_DEVICE:
            raise


def _up() -> bytes:
    return _IFINFO.pack(0, 0, 0, UP, UP)


def _end(end: End) -> bytes:
    return words(_NAME, end.name) + (attribute(_ADDRESS, _mac(end.macaddr)) if end.macaddr else b"")


def _mac(macaddr: str) -> bytes:
    return bytes.fromhex(macaddr.replace(":", ""))


def _integer(value: memoryview | None) -> int:
    return int(struct.unpack("=I", value)[0]) if value is not None else 0
