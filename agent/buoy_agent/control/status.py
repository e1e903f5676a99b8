"""What an agent has, as plain values and as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Targets
from buoy_agent.sync.reconciler import Reconciler, key_words

_ROWS = ("networks", "interfaces", "floats", "routes", "proxies")


def of_kernel(reconciler: Reconciler) -> dict[str, Any]:
    """Desired against actual, what failed, and what was put right; to be called in the reconciler's thread."""
    repairs = reconciler.patrol.repairs
    return {
        "in_sync": reconciler.desired.in_sync,
        "revision": reconciler.desired.revision,
        "external": reconciler.actual.external or "up",
        "desired": _desired(reconciler.desired.targets, by_arp=reconciler.by_arp),
        "actual": _actual(reconciler.actual),
        "faults": [
            {"what": key_words(key), "words": fault.words, "attempts": fault.attempts}
            for key, fault in sorted(reconciler.faults.by_key.items(), key=str)
        ],
        "repairs": {
            "count": repairs.count,
            "last": [{"time": _time(entry.time), "place": entry.place, "found": list(entry.words)} for entry in repairs.last],
        },
        "full_checks": reconciler.patrol.full_checks,
    }


def _desired(targets: Targets, *, by_arp: bool) -> dict[str, int]:
    floats = len(targets.floats)
    return dict(
        zip(_ROWS, (len(targets.networks), len(targets.bindings), floats, floats, floats if by_arp else 0), strict=True)
    )


def _actual(actual: Actual) -> dict[str, int]:
    """A network's own address is a route without an element, and counts as a float where the route is."""
    nics = sum(len(state.nics) for state in actual.networks.values())
    whole = sum(1 for state in actual.networks.values() if state.digest)
    floats = len(actual.routes.keys() | actual.holders.keys())
    return dict(zip(_ROWS, (whole, nics, floats, len(actual.routes), len(actual.proxies)), strict=True))


def table(status: dict[str, Any]) -> str:
    """What a person wants to see at a glance."""
    return "\n".join(_lines(status)) + "\n"


def _lines(status: dict[str, Any]) -> Iterator[str]:
    connected = "connected" if status["connected"] else "NOT CONNECTED"
    synced = f"in sync at revision {status['revision']}" if status["in_sync"] else "waits for its first snapshot"
    yield f"node      {status['node']}  (buoy-agent {status['version']}, process {status['pid']})"
    yield f"server    {status['server']}  {connected}, {synced}"
    yield f"reports   last one taken {status['last_report'] or 'never'}, {status['reports_waiting']} waiting"
    yield f"external  {status['external_interface']}  {status['external']}, announced by {status['announce']}"
    yield ""
    yield f"{'':12}{'desired':>10}{'actual':>10}"
    for row in _ROWS:
        desired, actual = status["desired"][row], status["actual"][row]
        yield f"{row:12}{desired:>10}{actual:>10}{'' if desired == actual else '   differs'}"
    yield ""
    yield f"counters  {status['writes']} writes, {status['passes']} passes, {status['full_checks']} full checks"
    faults = status["faults"]
    yield f"faults    {len(faults) or 'none'}"
    yield from (f"          {entry['what']}: {entry['words']} ({entry['attempts']} tries)" for entry in faults[:10])
    repairs = status["repairs"]
    yield f"repairs   {repairs['count'] or 'none'}"
    for entry in repairs["last"][-10:]:
        yield f"          {entry['time']}  {entry['place']}: {'; '.join(entry['found'])}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def time_words(seconds: float | None) -> str | None:
    """A moment as RFC 3339 has it."""
    return None if seconds is None else _time(seconds)
