"""A netlink socket and the format of its messages.

A message is a 16-byte header and a payload; a payload is mostly attributes: length, type, value, padded to 4 bytes, and nested
at will (rtnetlink(7), linux/netlink.h). Requests are sent many at a time; the kernel answers each error, and one
acknowledgement for the last. In a transaction of nf_tables either all of it holds or nothing.

Not through pyroute2's sockets and encoder, for their cost: see docs/decisions/0010.
"""

import errno
import itertools
import secrets
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from buoy_agent.errors import KernelError, kernel_error

ROUTE, NETFILTER = 0, 12
REQUEST, ACK, ECHO, ROOT_MATCH = 0x1, 0x4, 0x8, 0x300
REPLACE, EXCL, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
_ERROR, _DONE = 2, 3
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT_CHECK = 270, 10, 11, 12
_ERROR_MESSAGE = 1  # NLMSGERR_ATTR_MSG
NESTED = 0x8000
HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
_BUFFER = 1 << 16  # twice what the kernel puts together at most; more costs more than the receive itself
_SECONDS = 10
_PATIENCE = struct.pack("@ll", _SECONDS, 0)  # struct timeval; Python's own timeout is a poll more for each send and receive
_ABSENT = (errno.ENOENT, errno.ENODEV)
# This process's ports are a random block of the upper half, which the kernel itself picks from only for second sockets.
PORT_BITS = 12
OWN_PORTS = 1 << 19 | secrets.randbits(19)
_next_port = itertools.count(1)
Entry = TypeVar("Entry")


class Message(NamedTuple):
    """A request without its sequence number."""

    type: int
    flags: int
    payload: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    return ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def nest(kind: int, *parts: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NESTED, b"".join(parts))


def number(kind: int, value: int) -> bytes:
    """A 32-bit attribute in host order, as rtnetlink has them."""
    return attribute(kind, struct.pack("=I", value))


def be32(kind: int, value: int) -> bytes:
    """A 32-bit attribute in network order, as nf_tables and conntrack have them."""
    return attribute(kind, struct.pack(">I", value))


def words(kind: int, value: str) -> bytes:
    """A text attribute, with its NUL."""
    return attribute(kind, value.encode() + b"\0")


def attributes(data: bytes | memoryview) -> dict[int, memoryview]:
    """The attributes of a payload by type (without the flag bits); the last of a type wins."""
    view, found, offset, unpack = memoryview(data), {}, 0, ATTRIBUTE.unpack_from
    last = len(view) - 4
    while offset <= last:
        length, kind = unpack(view, offset)
        if length < 4:
            break
        found[kind & 0x3FFF] = view[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def elements(data: bytes | memoryview) -> Iterator[memoryview]:
    """The values of a list of attributes that all have one type."""
    view, offset = memoryview(data), 0
    while offset + 4 <= len(view):
        length, _ = ATTRIBUTE.unpack_from(view, offset)
        if length < 4:
            return
        yield view[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def as_text(value: memoryview | None) -> str:
    """A text attribute read."""
    return bytes(value).rstrip(b"\0").decode(errors="replace") if value is not None else ""


def _bind(sock: socket.socket) -> None:
    """Binds to a port of our own: notifications bear the sender's, and so ours are told from others'."""
    for _ in range(1 << PORT_BITS):
        try:
            sock.bind((OWN_PORTS << PORT_BITS | next(_next_port) % (1 << PORT_BITS), 0))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise kernel_error("opening a netlink socket", error.errno or 0) from error
        else:
            return
    raise KernelError("all of this program's netlink ports are in use")


class Channel:
    """A netlink socket in the network namespace that its thread was in when it was made."""

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        _bind(self._socket)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        for option in (_CAP_ACK, _EXT_ACK, _STRICT_CHECK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._sequence = 0
        self.echoed = 0  # how many changes the kernel has told of that were asked for with ECHO

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()

    def send(self, messages: Sequence[Message], *, ack: int = -1) -> dict[int, KernelError]:
        """Sends all messages at once and returns the errors by position; `ack` is the position that is acknowledged.

        Raises KernelError when they could not be sent, or no answer came.
        """
        first = self._sequence + 1
        self._sequence += len(messages)
        acknowledged = first + ack % len(messages)
        packed = []
        for sequence, (kind, flags, payload) in enumerate(messages, first):
            wanted = flags | REQUEST | (ACK if sequence == acknowledged else 0)
            packed += [HEADER.pack(16 + len(payload), kind, wanted, sequence, 0), payload]
        self._write(b"".join(packed))
        return self._answers(first, acknowledged)

    def request(self, *messages: Message) -> None:
        """Sends messages and raises the first error."""
        for error in self.send(messages).values():
            raise error

    def forget(self) -> None:
        """Reads away what waits: a socket that ran full (ENOBUFS) takes nothing in, not even an answer, until it is empty."""
        try:
            while self._socket.recv(_BUFFER, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            return

    def dump(self, kind: int, payload: bytes) -> Iterator[tuple[int, memoryview]]:
        """Asks for a list; yields the type and payload of each message."""
        for _, messages in self._dump(kind, payload, lambda _: ()):
            yield from messages

    def dump_in_bulk(
        self,
        kind: int,
        payload: bytes,
        whole: Callable[[bytes], Sequence[Entry]],
        one: Callable[[memoryview], Sequence[Entry]],
    ) -> Iterator[Sequence[Entry]]:
        """The same in pieces as they come, each as `whole` makes it out, or where that gives nothing, `one` its payloads."""
        for entries, messages in self._dump(kind, payload, whole):
            yield entries or [entry for _, body in messages for entry in one(body)]

    def _dump(
        self, kind: int, payload: bytes, whole: Callable[[bytes], Sequence[Entry]]
    ) -> Iterator[tuple[Sequence[Entry], list[tuple[int, memoryview]]]]:
        self._sequence += 1
        self._write(HEADER.pack(16 + len(payload), kind, REQUEST | ROOT_MATCH, self._sequence, 0) + payload)
        while True:
            data = self._read()
            entries = whole(data) if HEADER.unpack_from(data)[3] == self._sequence else ()
            messages = [] if entries else [(answer, body) for sent, answer, body in _split(data) if sent == self._sequence]
            ended = bool(messages) and messages[-1][0] in (_DONE, _ERROR)
            if ended:
                _raise_end(*messages.pop())
            if entries or messages:
                yield entries, messages
            if ended:
                return

    def get(self, kind: int, payload: bytes) -> memoryview | None:
        """Asks for one thing; None where the kernel says that it is not there."""
        self._sequence += 1
        self._write(HEADER.pack(16 + len(payload), kind, REQUEST, self._sequence, 0) + payload)
        while True:
            for sequence, answer, body in self._receive():
                if sequence != self._sequence:
                    continue
                if answer != _ERROR:
                    return body
                code = -struct.unpack_from("=i", body)[0]
                if code in _ABSENT:
                    return None
                raise kernel_error("reading the kernel's state", code, _detail(body))

    def _answers(self, first: int, acknowledged: int) -> dict[int, KernelError]:
        errors: dict[int, KernelError] = {}
        while True:
            for sequence, answer, body in self._receive():
                if answer != _ERROR or not first <= sequence:
                    self.echoed += answer != _ERROR
                    continue
                code = struct.unpack_from("=i", body)[0]
                if code < 0:
                    errors.setdefault(sequence - first, kernel_error("the kernel refused", -code, _detail(body)))
                if sequence == acknowledged or (sequence == first and code < 0 and acknowledged != first and _is_fatal(code)):
                    return errors

    def _write(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except OSError as error:
            raise kernel_error("sending to the kernel", error.errno or 0) from error

    def _receive(self) -> Iterator[tuple[int, int, memoryview]]:
        return _split(self._read())

    def _read(self) -> bytes:
        try:
            return self._socket.recv(_BUFFER)
        except BlockingIOError as error:
            raise KernelError(f"the kernel did not answer within {_SECONDS} s") from error
        except OSError as error:
            raise kernel_error("reading from the kernel", error.errno or 0) from error


def _split(data: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """The sequence number, type and payload of each message that came together."""
    view, offset, last = memoryview(data), 0, len(data) - 16
    while offset <= last:
        length, kind, _flags, sequence, _ = HEADER.unpack_from(view, offset)
        yield sequence, kind, view[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _raise_end(answer: int, body: memoryview) -> None:
    """Raises what a list ended with, if that is an error."""
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    if code < 0:
        raise kernel_error("reading the kernel's state", -code, _detail(body, done=answer == _DONE))


def _is_fatal(code: int) -> bool:
    """Whether the kernel gives a whole batch up at its first message: no privilege, or no such subsystem."""
    return code in (-1, -95, -22)


def _detail(body: memoryview, *, done: bool = False) -> str:
    """What the kernel says about an error in words (NLMSGERR_ATTR_MSG)."""
    skip = 4 if done else 20  # with NETLINK_CAP_ACK only the header of the request comes back
    return as_text(attributes(body[skip:]).get(_ERROR_MESSAGE))


def index_of(name: str) -> int:
    """The index of an interface in this thread's namespace; 0 when there is none."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0
