"""A TCP proxy that can keep back what a server answers, and cut every connection: the network at its worst moment."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """Forwards connections from a port of its own to a server."""

    def __init__(self, upstream: str) -> None:
        """Take where the server listens, as HOST:PORT or unix:///PATH."""
        self._upstream = upstream
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._held = threading.Event()  # of the connections until the next cut
        self._changing = threading.Lock()

    def hold(self) -> None:
        """From now on nothing that the server says arrives; what the clients say does."""
        with self._changing:
            self._held.set()

    def cut(self) -> None:
        """Cut every connection, and let new ones through; what was held back on those stays so."""
        with self._changing:
            self._held = threading.Event()
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def __enter__(self) -> Self:
        """Listen."""
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Cut, and listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _start(self, run: object, *args: object) -> None:
        thread = threading.Thread(target=run, args=args, name="proxy")  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                try:
                    server = self._connect()
                except OSError:
                    client.close()
                    continue
                with self._changing:
                    self._open += [client, server]
                    held = self._held
                self._start(self._serve, client, server, held)

    def _connect(self) -> socket.socket:
        if self._upstream.startswith("unix://"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream.removeprefix("unix://"))
            return server
        host, _, port = self._upstream.rpartition(":")
        return socket.create_connection((host, int(port)))

    def _serve(self, client: socket.socket, server: socket.socket, held: threading.Event) -> None:
        """Forward both ways until either end closes."""
        back = threading.Thread(target=self._forward, args=(server, client, held), name="proxy-back")
        back.start()
        self._forward(client, server, None)
        back.join()
        client.close()
        server.close()

    def _forward(self, source: socket.socket, sink: socket.socket, dropped: threading.Event | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if dropped is None or not dropped.is_set():
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
