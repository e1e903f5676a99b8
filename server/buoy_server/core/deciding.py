"""A command, and what follows from whatever it changed."""

from typing import TypeVar

from buoy_server.core import levels
from buoy_server.core.command import Command, Context
from buoy_server.core.commands import fencing
from buoy_server.core.state import Draft

T = TypeVar("T")


def decide(command: Command[T], draft: Draft, context: Context) -> T:
    """Put the command's changes into the draft, and what follows from them; return its answer, or raise a DomainError."""
    answer = command.decide(draft, context)
    fencing.settle(draft)
    levels.notice(draft)
    return answer
