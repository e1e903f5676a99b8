"""The core imports nothing that does IO, and reads no clock and no chance of its own."""

import ast
from pathlib import Path

import buoy_server.core
import pytest

CORE = Path(buoy_server.core.__path__[0])
FORBIDDEN = {
    *("asyncio", "grpc", "logging", "os", "pathlib", "pyroute2", "secrets", "socket", "sqlalchemy", "structlog"),
    *("subprocess", "threading", "time", "google", "buoy", "pydantic", "alembic"),
}
READS = {"now", "utcnow", "today", "uuid4", "uuid1", "getrandbits"}


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_core_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.partition(".")[0] in FORBIDDEN}
    inner = {name for name in imported if name.startswith("buoy_server")}
    assert all(name.startswith("buoy_server.core") for name in inner)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    reads = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in READS]
    assert all(ast.unparse(call) == "self.random.getrandbits" for call in reads)


def test_the_rule_would_notice() -> None:
    assert len(list(CORE.rglob("*.py"))) > 10
