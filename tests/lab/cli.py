"""The `buoy` program as a script uses it: run it, read its JSON."""

import json
import subprocess
import threading
from dataclasses import dataclass
from typing import Any

from tests.lab.processes import BIN, environment
from tests.support import netns


class CliError(Exception):
    """The program ended with an exit code other than 0; its words and the code are here."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(f"{words.strip()} (exit code {code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Cli:
    """Runs `buoy` against one server, with a key of the namespace `system` where it wants one."""

    target: str
    key: str = ""

    def __call__(self, *words: str) -> Any:
        """Runs one command, such as `cli("pool", "show", "floating")`, and returns its JSON."""
        done = subprocess.run(self._argv(words), capture_output=True, text=True, timeout=60, check=False, env=self._env())
        if done.returncode != 0:
            raise CliError(done.stderr or done.stdout, done.returncode)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def follow(self, *words: str) -> "Following":
        """Starts a command that writes JSON lines until it is stopped."""
        return Following(self._argv(words), self._env())

    def _argv(self, words: tuple[str, ...]) -> list[str]:
        return [str(BIN / "buoy"), "--server", self.target, "-o", "json", *words]

    def _env(self) -> dict[str, str]:
        return environment() | ({"BUOY_NAMESPACE": "system", "BUOY_KEY": self.key} if self.key else {})


class Following:
    """A command that goes on in the background; `lines` grows with what it writes."""

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        self.lines: list[Any] = []
        self.process = netns.popen(None, argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self._thread = threading.Thread(target=self._read, name="following", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the command still runs."""
        return self.process.poll() is None

    def stop(self) -> int:
        """Ends the command and returns its exit code."""
        code = netns.stop(self.process)
        self._thread.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(json.loads(line))
