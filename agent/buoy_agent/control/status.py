"""What an agent has, as plain values and as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Targets
from buoy_agent.core.examining import Counter
from buoy_agent.core.missing import missing_words
from buoy_agent.core.retry import key_words
from buoy_agent.core.spec import text
from buoy_agent.kernel.port import Examiner
from buoy_agent.sync.reconciler import Reconciler

_SHOWN = 10  # of what is missing
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
        "missing_nics": {
            "count": len(reconciler.faults.missing.interfaces),
            "first": list(_missing(reconciler)),
        },
        "repairs": {
            "count": repairs.count,
            "last": [{"time": _time(entry.time), "place": entry.place, "found": list(entry.words)} for entry in repairs.last],
        },
        "full_checks": reconciler.patrol.full_checks,
    }


def of_floats(actual: Actual, examiner: Examiner) -> dict[str, Any]:
    """Each float that is programmed, with its traffic, the busiest first; to be called beside the reconciler's thread."""
    rows: list[dict[str, Any]] = []
    for network, state in list(actual.networks.items()):
        incoming, outgoing = examiner.traffic(network)
        for floating, fixed in list(state.forward.items()):
            coming, leaving = incoming.get(fixed, Counter()), outgoing.get(fixed, Counter())
            rows.append(
                {
                    "floating": text(floating),
                    "fixed": text(fixed),
                    "network": network,
                    "incoming": {"packets": coming.packets, "bytes": coming.bytes},
                    "outgoing": {"packets": leaving.packets, "bytes": leaving.bytes},
                }
            )
    rows.sort(key=lambda row: (-row["incoming"]["bytes"] - row["outgoing"]["bytes"], row["floating"]))
    return {"floats": rows}


def floats_table(found: dict[str, Any]) -> str:
    """Floats and their traffic at a glance."""
    head = f"{'FLOATING':16}{'FIXED':16}{'PACKETS IN':>12}{'BYTES IN':>16}{'PACKETS OUT':>13}{'BYTES OUT':>16}"
    lines = [
        f"{row['floating']:16}{row['fixed']:16}{row['incoming']['packets']:>12}{row['incoming']['bytes']:>16}"
        f"{row['outgoing']['packets']:>13}{row['outgoing']['bytes']:>16}"
        for row in found["floats"]
    ]
    return "\n".join([head, *lines] if lines else ["no floats"]) + "\n"


def _desired(targets: Targets, *, by_arp: bool) -> dict[str, int]:
    """Gateways and routed addresses are routes without an element, and so is a float that drains."""
    floats, routes = sum(1 for binding in targets.bindings.values() if binding.floating is not None), len(targets.addresses)
    return dict(
        zip(_ROWS, (len(targets.networks), len(targets.bindings), floats, routes, routes if by_arp else 0), strict=True)
    )


def _actual(actual: Actual) -> dict[str, int]:
    """Routes are those that packets take."""
    routes = len(actual.routes) - len(actual.overruled & actual.routes.keys())
    nics = sum(len(state.nics) for state in actual.networks.values())
    whole = sum(1 for state in actual.networks.values() if state.digest)
    return dict(zip(_ROWS, (whole, nics, len(actual.holders), routes, len(actual.proxies)), strict=True))


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
    missing = status["missing_nics"]
    yield f"missing   {missing['count'] or 'no'} NICs that somebody else makes"
    yield from (f"          {entry['interface']}: {missing_words(entry['macaddr'])}" for entry in missing["first"])
    repairs = status["repairs"]
    yield f"repairs   {repairs['count'] or 'none'}"
    for entry in repairs["last"][-10:]:
        yield f"          {entry['time']}  {entry['place']}: {'; '.join(entry['found'])}"


def _missing(reconciler: Reconciler) -> Iterator[dict[str, str]]:
    bindings = reconciler.desired.targets.bindings
    for interface in islice(reconciler.faults.missing.interfaces & bindings.keys(), _SHOWN):
        yield {"interface": interface, "macaddr": bindings[interface].macaddr}


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_words(seconds: float | None) -> str | None:
    """A moment as RFC 3339 has it."""
    return None if seconds is None else _time(seconds)
