"""The core decides and does nothing."""

import ast
from pathlib import Path

import buoy_agent.core

ALLOWED = {
    "buoy_agent.core",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "ipaddress",
    "sys",
    "typing",
}
PURE = {"AF_INET", "inet_pton"}  # of the module `socket`: they compute, and touch no socket


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not (node.module == "socket" and {one.name for one in node.names} <= PURE):
            names.add(node.module or "")
    return names


def test_the_core_imports_nothing_that_could_act() -> None:
    folder = Path(buoy_agent.core.__path__[0])
    for path in folder.glob("*.py"):
        for name in _imports(path):
            assert any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED), f"{path.name} imports {name}"


def test_only_the_edges_know_grpc_and_the_kernel() -> None:
    root = Path(buoy_agent.core.__path__[0]).parent
    for path in root.rglob("*.py"):
        names = {name.split(".")[0] for name in _imports(path)}
        if "grpc" in names:
            assert path.parent.name == "sync" or path.name == "app.py"
        if names & {"socket", "ctypes"}:
            assert path.parent.name == "kernel"
        assert "subprocess" not in names
