"""The peer of row 1 in an environment of its own: Neutron's IptablesManager adds one float more to so many, in this namespace.

Runs with the Python of `tools/neutron`, and with nothing of Buoy's. Writes the milliseconds that each `apply` took.
"""

import sys
import tempfile
import time

from neutron import privileged  # type: ignore[import-not-found] # not in this environment
from neutron.agent.linux.iptables_manager import IptablesManager  # type: ignore[import-not-found] # likewise
from neutron.common import config  # type: ignore[import-not-found] # likewise
from oslo_concurrency import lockutils  # type: ignore[import-not-found] # likewise

TIMES = 11


def main(count: int) -> None:
    """Has `count` floats, and adds more, one at a time."""
    config.register_common_config_options()
    lockutils.set_defaults(lock_path=tempfile.gettempdir())
    privileged.default.set_client_mode(False)
    manager = IptablesManager(nat=True, use_ipv6=False)
    for number in range(count):
        _add(manager, number)
    manager.apply()
    for number in range(count, count + TIMES):
        begin = time.perf_counter()
        _add(manager, number)
        manager.apply()
        sys.stdout.write(f"{(time.perf_counter() - begin) * 1000}\n")


def _add(manager: IptablesManager, number: int) -> None:
    """The rules of a float, as the L3 agent has them."""
    floating, fixed = f"100.64.{number >> 8}.{number & 255}", f"10.0.{number >> 8}.{number & 255}"
    nat = manager.ipv4["nat"]
    nat.add_rule("PREROUTING", f"-d {floating}/32 -j DNAT --to-destination {fixed}")
    nat.add_rule("OUTPUT", f"-d {floating}/32 -j DNAT --to-destination {fixed}")
    nat.add_rule("float-snat", f"-s {fixed}/32 -j SNAT --to-source {floating}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
