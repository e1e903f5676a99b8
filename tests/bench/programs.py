"""The peers' programs as they really are, past the wrappers of tools/test-programs, whose time is not theirs."""

import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path


def find_program(*names: str) -> Path | None:
    """Where the first of these programs that is there is; None where none is."""
    return next((path for path in map(_find, names) if path is not None), None)


def program(*names: str) -> str:
    """The same, where `make bench` has seen to it that it is there."""
    found = find_program(*names)
    if found is None:
        raise FileNotFoundError(f"{' or '.join(names)} is not on this machine: run `make bench`, which fetches it")
    return str(found)


def run(*argv: str | Path, given: str = "") -> None:
    """Runs a program to its end, with a text as its input."""
    words = [str(word) for word in argv]
    done = subprocess.run(words, input=given, text=True, capture_output=True, env=environment(), check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:6])} ended with {done.returncode}: {done.stderr[-500:]}")


@lru_cache
def _find(name: str) -> Path | None:
    found = shutil.which(name)
    if found is None or ".tools" not in found:
        return Path(found) if found else None
    root = Path(found).parents[1] / "root"
    return next((path for part in ("usr/sbin", "sbin", "usr/bin", "bin") if (path := root / part / name).exists()), None)


@lru_cache
def environment() -> dict[str, str]:
    """The variables that a program fetched into .tools needs."""
    libraries = [str(path) for path in Path(".tools/root").resolve().glob("**/lib/*-linux-gnu")]
    plugins = {"XTABLES_LIBDIR": f"{libraries[0]}/xtables"} if libraries and not Path("/usr/sbin/iptables-nft").exists() else {}
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries), **plugins}
