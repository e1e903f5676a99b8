"""Values in words and colours, for people. Pure: the present time is an argument."""

import unicodedata
from datetime import UTC, datetime, timedelta

from rich.text import Text

from buoy_client.models import Floating, PoolUsage

STYLES = {
    "created": "green",
    "active": "green",
    "updated": "cyan",
    "initial": "yellow",
    "preflight": "yellow",
    "creating": "yellow",
    "pending": "yellow",
    "releasing": "yellow",
    "delete-wait": "yellow",
    "stopping": "yellow",
    "missing": "red",
    "error": "red",
    "failed": "red",
    "deleted": "dim",
    "stopped": "dim",
    "snapshot": "dim",
    "unknown": "magenta",
}
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
NOTHING = "-"
BAR_WIDTH = 10


def clean(text: str) -> str:
    """Take out what could steer a terminal or reorder a line: control, format and surrogate characters."""
    return "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def plain_text(value: object) -> Text:
    """Give any value as cleaned text, "-" where there is none."""
    return Text(clean(str(value)) if value not in (None, "") else NOTHING)


def state_text(state: str) -> Text:
    """Give a state in its colour."""
    return Text(state, style=STYLES.get(state, ""))


def yes_no(value: bool) -> Text:
    """Give a truth value."""
    return Text("yes", style="green") if value else Text("no", style="dim")


def floating_text(floating: Floating | None) -> Text:
    """Give a floating address, with its phase while packets do not flow."""
    if floating is None:
        return Text(NOTHING, style="dim")
    if floating.phase == "active":
        return Text(str(floating.address), style="green")
    return Text(f"{floating.address} ({floating.phase})", style=STYLES.get(floating.phase, ""))


def span(seconds: float) -> str:
    """Give a length of time in its largest whole unit, in milliseconds below a second."""
    if seconds < 1:
        return f"{max(round(seconds * 1000), 0)} ms"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    return f"{int(seconds // size)} {unit}"


def exact_span(seconds: float) -> str:
    """Give a length of time that was measured."""
    return f"{seconds:.1f} s" if 1 <= seconds < 60 else span(seconds)


def ago(time: datetime | None, now: datetime) -> Text:
    """Give a time as its distance from now."""
    if time is None:
        return Text(NOTHING)
    seconds = (now - time).total_seconds()
    return Text("just now" if abs(seconds) < 1 else f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}")


def moment(time: datetime | None) -> str:
    """Give a moment as logs have it (RFC 3339, UTC), the same for everybody who compares them."""
    return NOTHING if time is None else f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def clock(time: datetime | None) -> str:
    """Give a moment of today."""
    return NOTHING if time is None else f"{time.astimezone(UTC):%H:%M:%SZ}"


def duration_text(duration: timedelta) -> Text:
    """Give a setting's length of time."""
    seconds = duration.total_seconds()
    size, unit = next(((size, unit) for size, unit in UNITS if seconds and seconds % size == 0), (1, "s"))
    return Text(f"{seconds / size:g} {unit}")


def usage_bar(usage: PoolUsage, ascii_only: bool = False) -> Text:
    """Give a pool's usage as a bar: in use; resting or kept by namespaces; free. And the number of those in use, of all."""
    usable = max(usage.usable, 1)
    used = min(-(-usage.in_use * BAR_WIDTH // usable), BAR_WIDTH)
    resting = min(-(-(usage.quarantined + usage.kept) * BAR_WIDTH // usable), BAR_WIDTH - used)
    full, half, empty = ("#", "=", ".") if ascii_only else ("█", "▒", "░")
    colour = "red" if not usage.free else "yellow" if usage.free * 10 < usable else "green"
    rest = empty * (BAR_WIDTH - used - resting)
    words = f" {usage.in_use}/{usage.usable}"
    return Text.assemble((full * used, colour), (half * resting, "yellow"), (rest, "dim"), words)
