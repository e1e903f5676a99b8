"""A node for each test."""

from collections.abc import Iterator

import pytest

from tests.kernel.node import Node, lan_node


@pytest.fixture
def node() -> Iterator[Node]:
    """A fresh node with a client on its external LAN."""
    with lan_node() as fresh:
        yield fresh
