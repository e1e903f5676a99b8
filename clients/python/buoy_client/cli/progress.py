"""The line that a waiting command shows: a spinner with phase and time on a terminal, one plain line at the end elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from buoy_client.cli.words import clean, exact_span
from buoy_client.models import Floating, Instance, Interface, Network


def phase_of(subject: Interface | Instance | Network) -> str:
    """Give where something stands, in words."""
    floating = subject.floating if isinstance(subject, Interface) else None
    if floating is None:
        return clean(f"{subject.state}{reason(subject.state_reason)}")
    return clean(f"{floating.address} {floating.phase}{reason(floating.reason)}")


def reason(words: str) -> str:
    """Give a reason in brackets."""
    return f" ({words})" if words else ""


def after(floating: Floating) -> str:
    """Give how long a float took, by the server's clock."""
    if floating.requested_time is None or floating.active_time is None:
        return "active"
    return f"active after {seconds_between(floating.requested_time, floating.active_time)}"


def seconds_between(start: datetime, end: datetime) -> str:
    """Give the time between two moments."""
    return exact_span((end - start).total_seconds())


class WaitLine:
    """Shows how far a wait has come, on stderr."""

    def __init__(self, console: Console) -> None:
        """Take the console of stderr."""
        self._console = console
        self._started = time.monotonic()
        self.show: Callable[[Interface | Instance | Network], object] = lambda _: None

    def finish(self, words: str) -> None:
        """Say the outcome, with the time that it took here where the words have none."""
        timed = words if " after " in words else f"{words} after {exact_span(time.monotonic() - self._started)}"
        self._console.print(f"[green]✓[/green] {timed}" if self._console.is_terminal else timed, highlight=False)

    @contextmanager
    def running(self, verb: str) -> Iterator[None]:
        """Show the line while the block runs."""
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(f"{verb} ...", total=None)
            self.show = lambda subject: progress.update(task, description=f"{verb}: {phase_of(subject)}")
            yield


@contextmanager
def wait_line(verb: str, wanted: bool) -> Iterator[WaitLine]:
    """Give a line to report to; it stays silent unless a wait is wanted."""
    line = WaitLine(Console(stderr=True, quiet=not wanted, soft_wrap=True))
    with line.running(verb):
        yield line
