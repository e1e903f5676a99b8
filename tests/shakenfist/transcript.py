"""What `sf-client` said, as a transcript that is the same at each run, and its comparison with the one that is kept.

What differs from run to run stands there as something of the same width, so that tables keep their form: uuids and MAC
addresses are numbered as they appear, times and floating addresses are set. BUOY_WRITE_GOLDEN=1 writes the kept ones.
"""

import os
import re
import shlex
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.shakenfist.client import Ended, ShakenFist

GOLDEN = Path(__file__).parent / "golden"

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAC = re.compile(r"02:00:00(?::[0-9a-f]{2}){3}")
SET = (
    (re.compile(r"\x1b\[\d*m"), ""),  # colours
    (re.compile(r"tenant-\d{3}"), "tenant-001"),
    (re.compile(r"192\.168\.20\.\d{3}"), "192.168.20.199"),  # the pool's addresses are as wide as one another
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d+)?"), "2020-02-02 02:02:02.020202"),  # a whole second has no fraction
    (re.compile(r'("timestamp"|"lastseen"): [\d.e+]+'), r"\1: 1580608922.020202"),
    (re.compile(r'(vxlan id *:|"vxlan_id":) ?\d+'), r"\1 7"),
)


@dataclass(slots=True)
class Numbered:
    """Gives each text that it sees for the first time the next number."""

    form: Callable[[int], str]
    seen: dict[str, str] = field(default_factory=dict)

    def __call__(self, found: "re.Match[str]") -> str:
        """The stand-in of what was found."""
        return self.seen.setdefault(found[0], self.form(len(self.seen) + 1))


@dataclass(slots=True)
class Transcript:
    """Runs commands of `sf-client` in one of its output forms, and keeps what was said."""

    client: ShakenFist
    form: str
    lines: list[str] = field(default_factory=list)
    _uuids: Numbered = field(default_factory=lambda: Numbered("00000000-0000-0000-0000-{:012d}".format))
    _macs: Numbered = field(default_factory=lambda: Numbered("02:00:00:00:00:{:02d}".format))

    def __call__(self, *words: str, loose: bool = False) -> Ended:
        """Runs one command; `loose` where the width of a column depends on the machine's name."""
        ended = self.client.sf(f"--{self.form}", *words)
        said = ended.out + "".join(f"stderr: {line}\n" for line in ended.err.splitlines())
        self.lines.append(self._plain(f"$ sf-client --{self.form} {shlex.join(words)}\n"))
        self.lines.append(self._plain(_loosened(said) if loose else said) + f"[exit code {ended.code}]\n\n")
        return ended

    def text(self) -> str:
        """All that was said so far."""
        return "".join(self.lines).rstrip("\n") + "\n"

    def kept(self, name: str) -> str:
        """What is kept under this name."""
        path = GOLDEN / f"{name}-{self.form}.txt"
        if os.environ.get("BUOY_WRITE_GOLDEN"):
            path.write_text(self.text(), encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def _plain(self, text: str) -> str:
        text = MAC.sub(self._macs, UUID.sub(self._uuids, text))
        for pattern, instead in SET:
            text = pattern.sub(instead, text)
        return re.sub(rf"\b{re.escape(socket.gethostname())}\b", "server.example", text)


def _loosened(text: str) -> str:
    return re.sub(r"-{2,}", "--", re.sub(r" +", " ", text))
