"""Proves that the tests notice known mistakes: each patch here re-introduces one into a copy of the tree, and a test must fail.

`make mutations` prints which test noticed which mistake. A patch that does not apply any more, or that nothing notices, is an
error.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PACKAGES = ("protos", "server", "agent", "clients/python")
# By what is changed; the quick ones first, since most mistakes are noticed there.
SUITES = {
    "server": ("tests/unit/server", "tests/server", "tests/faults/test_machine.py", "tests/faults/test_kill.py"),
    "agent": ("tests/unit/agent", "tests/contract", "tests/kernel", "tests/e2e/test_release.py"),
}


def main() -> int:
    """Try every mutation; return how many went unnoticed."""
    unnoticed = 0
    for patch in sorted(HERE.glob("*.patch")):
        started = time.monotonic()
        noticed = _noticed_by(patch)
        unnoticed += not noticed
        print(f"{patch.stem:32} {time.monotonic() - started:5.0f} s  {noticed or 'NOT NOTICED'}", flush=True)  # noqa: T201 - the table that is asked for
    return unnoticed


def _noticed_by(patch: Path) -> str:
    """Return the first test that fails with a patch; nothing where none does, or where the patch does not apply any more."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        tree = Path(name)
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "--extract"], cwd=tree, input=archive, check=True)
        if subprocess.run(["git", "apply", str(patch)], cwd=tree, check=False).returncode:
            return ""
        path = os.pathsep.join(str(tree / package) for package in PACKAGES)
        for suite in _suites(patch):
            pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "--timeout=60", "-p", "no:cacheprovider", suite]
            run = subprocess.run(
                pytest,
                cwd=tree,
                env={**os.environ, "PYTHONPATH": path, "BUOY_PATIENCE": "10"},
                capture_output=True,
                text=True,
                check=False,
            )
            found = re.search(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.MULTILINE)
            if run.returncode:
                return found[1] if found else f"{suite}: it could not be run to its end"
    return ""


def _suites(patch: Path) -> tuple[str, ...]:
    """Return the suites of the program that a patch changes."""
    changed = re.search(r"^\+\+\+ b/(\w+)/", patch.read_text(encoding="utf-8"), re.MULTILINE)
    return SUITES[changed[1]] if changed else ()


if __name__ == "__main__":
    sys.exit(main())
