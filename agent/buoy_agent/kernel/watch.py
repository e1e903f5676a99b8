"""Hears that links have come or changed in the namespace that it was made in; what exactly, nobody needs to know."""

import socket

_NEWLINK_GROUP = 1  # RTMGRP_LINK


class LinkWatch:
    """A socket to wait on, and to empty when it can be read."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
        self._socket.bind((0, _NEWLINK_GROUP))

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Throws away what has come; a notification that was lost (ENOBUFS) is as good as any."""
        while True:
            try:
                self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                continue

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()
