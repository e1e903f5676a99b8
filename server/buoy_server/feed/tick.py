"""How often readers are woken, without IO: time is an argument.

Writing to a stream costs about the same whether it carries one event or fifty, so that streams which are woken for every commit
would do nothing else. After waking some, the next are woken no earlier than it takes to serve those: on a quiet server an event
leaves at once, on a busy one what gathers meanwhile leaves joined, and whoever makes changes gets a turn. How long serving one
takes is measured, since it differs by machine and load.
"""

from dataclasses import dataclass

SERVING = 25e-6  # seconds that serving one reader takes, as long as nothing was measured
REST = (0.75, 2.0)  # the next are woken after so many times what serving the last ones takes: on a quiet server, on a busy one
LONGEST = 0.25  # seconds
NEARLY_ALL = 7 / 8  # of those that were woken, at least so many are back before the time is taken: some are slow readers


@dataclass(slots=True)
class _Round:
    """Some readers that were woken at once, and how many of them are back."""

    number: int
    begin: float
    woken: int
    back: int = 0


class Tick:
    """The moment from which on readers may be woken again."""

    def __init__(self) -> None:
        self.serving = SERVING  # seconds a reader
        self._rest = min(REST)
        self._free_at = 0.0
        self._round = _Round(0, 0.0, 0)

    def due(self, now: float) -> float:
        """Return when to wake those that something new concerns: now, or later on a server that is busy with the last ones."""
        busy = now < self._free_at
        self._rest = min(max(REST), self._rest * 1.5) if busy else max(min(REST), self._rest / 2)
        return self._free_at if busy else now

    def woke(self, now: float, readers: int) -> int:
        """Note that so many are woken, and return the number of this round."""
        self._free_at = now + min(LONGEST, self._rest * self.serving * readers)
        self._round = _Round(self._round.number + 1, now, readers)
        return self._round.number

    def returned(self, now: float, number: int) -> None:
        """Note that one that was woken in a round has served it and asks for more."""
        last = self._round
        if number != last.number:
            return
        last.back += 1
        if last.back == max(1, round(last.woken * NEARLY_ALL)):
            self.serving += ((now - last.begin) / last.back - self.serving) / 4
