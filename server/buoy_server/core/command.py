"""What a command is: a value that decides, over a draft, what changes."""

from dataclasses import dataclass
from random import Random
from typing import Protocol, TypeVar
from uuid import UUID

from buoy_server.core.lookup import Caller
from buoy_server.core.state import Draft

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may use beside the draft: who asks, and chance."""

    caller: Caller
    random: Random

    def new_uuid(self) -> str:
        """A new version 4 UUID."""
        return str(UUID(int=self.random.getrandbits(128), version=4))


class Command(Protocol[T_co]):
    """A request of which every input has been read and checked for form."""

    def decide(self, draft: Draft, context: Context) -> T_co:
        """Put what changes into the draft and return the answer, or raise a DomainError; the draft is then dropped."""
