"""The errors of the agent.

    AgentError
    +-- ConfigurationError   exit code 2: an option is missing or wrong
    +-- PrerequisiteError    exit code 3: the machine lacks something
    +-- MalformedError       something in the feed cannot be read
    +-- KernelError          the kernel refused, or has not what it should have
        +-- NicMissingError  the NIC that was to be adopted is not on the node

`reason` is stable, for programs; the text is for people.
"""

import errno
import os

from buoy_agent.core.missing import missing_words


class AgentError(Exception):
    """Anything that the agent raises on purpose."""

    reason = "AGENT"


class ConfigurationError(AgentError):
    """An option is missing or wrong; the text names it."""

    reason = "CONFIGURATION"


class PrerequisiteError(AgentError):
    """The machine lacks something; the text says what, and what to do."""

    reason = "PREREQUISITE"


class MalformedError(AgentError):
    """A message of the feed holds a value that cannot be read; the text names it."""

    reason = "MALFORMED"


class KernelError(AgentError):
    """The kernel refused a request."""

    reason = "KERNEL"

    def __init__(self, words: str, number: int = 0) -> None:
        super().__init__(words)
        self.number = number


class NicMissingError(KernelError):
    """A NIC that somebody else makes is not on this node (yet)."""

    reason = "NIC_MISSING"

    def __init__(self, macaddr: str) -> None:
        super().__init__(missing_words(macaddr))


# What the usual refusals mean in this program's use of the kernel; any other speaks through strerror.
_WORDS = {
    errno.EPERM: "the agent lacks the privilege: `buoy-agent check` says which",
    errno.ENOSPC: "the map is full",
    errno.EOPNOTSUPP: "this kernel lacks the feature: `buoy-agent check` says which",
    errno.EEXIST: "something else is there already",
    errno.ENOBUFS: "the kernel is out of buffers",
    errno.ENODEV: "the NIC is gone",
    errno.EXFULL: "the bridge is full: on one node Linux allows 1,023 NICs of a network",
}


def kernel_error(doing: str, number: int, detail: str = "") -> KernelError:
    """The domain error for an errno (positive) that the kernel answered with while we were doing something."""
    words = _WORDS.get(number) or os.strerror(number)
    return KernelError(f"{doing}: {words} ({detail or errno.errorcode.get(number, number)})", number)
