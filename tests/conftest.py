"""What holds for all tests.

grpc.aio hands events of all event loops of a process to whichever loop polls: one that comes for a loop which a test has closed
already fails another test with "Event loop is closed". So all asynchronous tests of a process share one loop, which anyio keeps
for as long as anybody holds its runner.

Hypothesis gives an example 200 ms, and the choosing of some a second: limits of the machine, not of what is tested. Its choices
are the same each time, but in `make soak`.
"""

import os
from collections.abc import Iterator

import pytest
from anyio.pytest_plugin import get_runner
from hypothesis import HealthCheck, settings

from tests.support.soak import ROUNDS, SOAKS

# What whoever runs the tests has set for a terminal or a network changes what programs print and where they connect.
SIZE = ("COLUMNS", "LINES", "TERMINAL_WIDTH")
COLOR = ("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy", "no_proxy", "no_grpc_proxy")
for name in (*SIZE, *COLOR, *PROXIES, *(proxy.upper() for proxy in PROXIES)):
    os.environ.pop(name, None)

settings.register_profile(
    "untimed",
    deadline=None,
    derandomize=not SOAKS,
    database=None,
    max_examples=100 * ROUNDS,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def one_event_loop() -> Iterator[None]:
    """Keeps anyio's loop open to the end of the session."""
    with get_runner("asyncio", {}):
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """grpc.aio runs on asyncio alone."""
    return "asyncio"
