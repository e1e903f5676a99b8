"""Another peer of row 1: one float more through Neutron's IptablesManager, which `tools/neutron` installs where it can."""

import statistics
from pathlib import Path

from tests.bench.programs import environment, find_program
from tests.support import netns

_PYTHON = Path(".tools/neutron/bin/python")
_NAMES = ("iptables", "iptables-save", "iptables-restore")


def apply(floats: int, directory: Path) -> float | None:
    """Milliseconds that an `apply` takes, the median; None where Neutron or iptables is not there."""
    iptables = find_program("iptables-nft")
    if iptables is None or not _PYTHON.exists():
        return None
    for name in _NAMES:
        link = directory / name
        if not link.exists():
            link.symlink_to(iptables.with_name(name.replace("iptables", "iptables-nft")).resolve())
    variables = environment() | {"PATH": f"{directory}:{environment()['PATH']}", "TMPDIR": str(directory)}
    argv = [str(_PYTHON.absolute()), "-P", str(Path("tests/bench/neutron_peer.py").absolute()), str(floats)]
    with netns.namespace("bench-neutron") as name:
        done = netns.run(name, argv, env=variables)
    return statistics.median(map(float, done.stdout.split()))
