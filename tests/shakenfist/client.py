"""Shaken Fist's client as its user has it: the program `sf-client`, and scripts over its library, told by variables."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import netns

INSTALLED = Path(__file__).parents[2] / ".tools/shakenfist/bin"  # by tools/shakenfist-client
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class ShakenFist:
    """The client, logging in to one namespace; `home` is a directory without settings."""

    url: str
    namespace: str
    key: str = field(repr=False)
    home: Path

    def sf(self, *words: str) -> Ended:
        """Runs `sf-client`."""
        return self._run([INSTALLED / "sf-client", *words])

    def python(self, script: Path) -> Ended:
        """Runs a script."""
        return self._run([INSTALLED / "python3", script])

    def start(self, script: Path) -> "subprocess.Popen[str]":
        """Starts a script whose lines can be read as they come."""
        argv: list[str | Path] = [INSTALLED / "python3", "-u", script]
        process: subprocess.Popen[str] = netns.popen(None, argv, env=self._env(), stdout=subprocess.PIPE, text=True)
        return process

    def _run(self, argv: Sequence[str | Path]) -> Ended:
        done = subprocess.run(
            argv, env=self._env(), cwd=self.home, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def _env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SHAKENFIST_API_URL": self.url,
            "SHAKENFIST_NAMESPACE": self.namespace,
            "SHAKENFIST_KEY": self.key,
        }
