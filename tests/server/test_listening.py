"""Where a server cannot listen, it says why and ends."""

import subprocess
import sys
from pathlib import Path


def test_a_socket_without_its_directory_is_said_plainly(tmp_path: Path) -> None:
    target = f"unix://{tmp_path}/absent/buoy.sock"
    command = [sys.executable, "-m", "buoy_server", "--database", f"sqlite:///{tmp_path}/buoy.db", "--listen", target]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    words = f"buoy-server: listen: {target} cannot be served: there is no directory {tmp_path}/absent, make it first"
    assert (ended.returncode, words in ended.stderr) == (3, True)
