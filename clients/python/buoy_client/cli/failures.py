"""Errors for people: one line that says what to do next, and an exit code that scripts can use."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.exceptions import TyperException

from buoy_client.cli.words import clean
from buoy_client.errors import (
    BuoyError,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    WaitTimeout,
)

REFUSED, USAGE, NOT_FOUND, UNREACHABLE, WAIT_OVER, NO_RIGHT, INTERRUPTED = 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """\
Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 not found, 4 the server cannot be reached, \
5 the deadline of --wait passed (it may still come), 6 no right (no key, a wrong one, or not yours to do), 130 interrupted."""

HINTS = {
    "UNREACHABLE": "Is it running, and has it read its database yet? Name another one with --server or BUOY_SERVER.",
    "NO_KEY": "Give --namespace and --key, or BUOY_NAMESPACE and BUOY_KEY, or a profile of the settings file.",
    "UNAUTHENTICATED": "`buoy whoami` shows where namespace and key come from.",
    "PERMISSION_DENIED": "`buoy whoami` shows who you are.",
    "INTERFACE_NOT_FOUND": "See `buoy interface list`.",
    "INSTANCE_NOT_FOUND": "See `buoy instance list`.",
    "NETWORK_NOT_FOUND": "See `buoy network list`.",
    "POOL_NOT_FOUND": "See `buoy pool list`.",
    "NODE_NOT_FOUND": "See `buoy node list`.",
    "NAMESPACE_NOT_FOUND": "See `buoy namespace list`.",
    "NAMESPACE_IN_USE": "See `buoy instance list --namespace` and `buoy network list --namespace`.",
    "QUOTA_EXCEEDED": "See `buoy namespace show`.",
    "AMBIGUOUS_NAME": "Name it by uuid, or add --namespace.",
    "POOL_EXHAUSTED": "See `buoy pool list`; released addresses rest before they are free again.",
    "ADDRESS_NOT_FOUND": "It is free, of no pool, or not yours to see.",
    "POOL_IN_USE": "See `buoy pool addresses`.",
    "NETWORK_IN_USE": "See `buoy interface list --network`.",
    "NO_NODE": "See `buoy node list`.",
    "STORAGE_FULL": "The server's disk is full.",
    "REVISION_IN_FUTURE": "`buoy admin server` shows how far it is.",
    "WAIT_TIMEOUT": "It may still come: wait longer with --wait-timeout; `buoy interface explain` says what is in the way.",
    "DEADLINE_EXCEEDED": "The server did not answer in time; allow more with --timeout.",
}
CODES: tuple[tuple[type[BuoyError], int], ...] = (
    (NotFound, NOT_FOUND),
    (WaitTimeout, WAIT_OVER),
    (DeadlineExceeded, UNREACHABLE),
    (Unauthenticated, NO_RIGHT),
    (PermissionDenied, NO_RIGHT),
)


def exit_code(error: BuoyError) -> int:
    """Give the exit code; a server that answers that its storage is away has refused."""
    if isinstance(error, Unavailable):
        return REFUSED if error.reason.startswith("STORAGE_") else UNREACHABLE
    return next((code for kind, code in CODES if isinstance(error, kind)), REFUSED)


def error_line(error: BuoyError) -> str:
    """Give an error in one line: what, where in the request, and what to do."""
    fields = [item for item in error.field_violations if item.description not in error.message]
    words = "; ".join([error.message, *(f"{item.field}: {item.description}" for item in fields)])
    hint = HINTS.get(error.reason, "")
    return clean(f"Error: {words.rstrip('.')}. {hint}".strip().replace("\n", " "))


def print_line(line: str) -> None:
    """Print an error's line on stderr, in red on a terminal."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(line, style="red" if console.is_terminal else None, markup=False)


def mute_stdout() -> None:
    """Let what is still in the buffer go nowhere, since nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def usage_line(error: TyperException) -> str:
    """Give a mistake in the usage in one line, with where its help stands."""
    command = getattr(getattr(error, "ctx", None), "command_path", "buoy")
    words = error.format_message().replace("\n", " ").removeprefix("Invalid value: ").rstrip(".")
    stop = "" if words.endswith("?") else "."
    return clean(f"Error: {words}{stop} See `{command} --help`.".replace("Value error, ", ""))


@contextmanager
def reported() -> Iterator[None]:
    """Turn what a command raises into a line on stderr and an exit code."""
    try:
        yield
    except BuoyError as error:
        print_line(error_line(error))
        raise typer.Exit(exit_code(error)) from None
    except TyperException as error:
        if error.exit_code != USAGE or type(error).__name__ == "NoArgsIsHelpError":  # which prints the help
            raise
        print_line(usage_line(error))
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        mute_stdout()
        raise typer.Exit(0) from None


class ErrorGroup(TyperGroup):
    """The root command: what parsing and the subcommands raise is reported here."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the global options."""
        with reported():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        with reported():
            return super().invoke(ctx)
