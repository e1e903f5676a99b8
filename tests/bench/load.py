"""Asks a server for one interface again and again, over connections that stay open: `load grpc|http TARGET UUID CONCURRENT`.

It is lean, so that the server is what is measured: bytes go out and come in as they are. It warms up, writes "ready", waits for
a line on its standard input, asks for some seconds, and writes how many answers came and in how many seconds.
"""

import asyncio
import selectors
import socket
import sys
import time

import grpc
from buoy.v1 import interface_pb2

SECONDS, WARM_UP = 3.0, 1.0
METHOD = "/buoy.v1.InterfaceService/GetInterface"
HEAD_END = b"\r\n\r\n"


def main() -> int:
    """Runs it."""
    kind, target, uuid, concurrent = sys.argv[1:]
    if kind == "grpc":
        asyncio.run(_over_grpc(target, uuid, int(concurrent)))
    else:
        _over_http(target, uuid, int(concurrent))
    return 0


async def _over_grpc(target: str, uuid: str, concurrent: int) -> None:
    request = interface_pb2.GetInterfaceRequest(interface_uuid=uuid).SerializeToString()

    async def one(call: "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]", end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            await call(request)
            count += 1
        return count

    async def all_of(seconds: float) -> int:
        end = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(one(call, end) for _ in range(concurrent))))

    async with grpc.aio.insecure_channel(target) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        await all_of(WARM_UP)
        _wait_for_the_start()
        begin = time.perf_counter()
        _report(await all_of(SECONDS), begin)


def _over_http(target: str, uuid: str, concurrent: int) -> None:
    host, _, port = target.rpartition(":")
    request = f"GET /interfaces/{uuid} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()
    connections = [socket.create_connection((host, int(port))) for _ in range(concurrent)]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _ask(connections, request, WARM_UP)
    _wait_for_the_start()
    begin = time.perf_counter()
    _report(_ask(connections, request, SECONDS), begin)
    for connection in connections:
        connection.close()


def _ask(connections: list[socket.socket], request: bytes, seconds: float) -> int:
    count, end = 0, time.perf_counter() + seconds
    by_number = {connection.fileno(): connection for connection in connections}
    with selectors.EpollSelector() as answers:
        for connection in connections:
            answers.register(connection, selectors.EVENT_READ)
            connection.sendall(request)
        waiting = len(connections)
        while waiting:
            for key, _ in answers.select():
                connection = by_number[key.fd]
                _read_answer(connection)
                count += 1
                if time.perf_counter() < end:
                    connection.sendall(request)
                else:
                    waiting -= 1
    return count


def _read_answer(connection: socket.socket) -> None:
    answer = connection.recv(65536)
    while (head := answer.find(HEAD_END)) < 0:
        answer += _more(connection)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(answer)
    begin = answer.lower().index(b"content-length: ") + len("content-length: ")
    whole = head + len(HEAD_END) + int(answer[begin : answer.index(b"\r", begin)])
    while len(answer) < whole:
        answer += _more(connection)


def _more(connection: socket.socket) -> bytes:
    if data := connection.recv(65536):
        return data
    raise ConnectionError("the server closed the connection")


def _wait_for_the_start() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _report(count: int, begin: float) -> None:
    sys.stdout.write(f"{count} {time.perf_counter() - begin}\n")


if __name__ == "__main__":
    sys.exit(main())
