"""`buoy-agent status`, `purge` and `check`: each takes its arguments and returns an exit code."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from buoy_agent.control import listener, status
from buoy_agent.control.purge import purge
from buoy_agent.kernel import prerequisites
from buoy_agent.kernel.linux import LinuxKernel
from buoy_agent.settings import CheckSettings, PurgeSettings, StatusSettings, load_as

_MISSING, _NOT_RUNNING, _RUNNING = 3, 4, 5


def show_status(arguments: Sequence[str]) -> int:
    """Asks the running agent; 4 where none runs."""
    options = load_as(StatusSettings, arguments, "status")
    try:
        found = asyncio.run(listener.ask(options.control, "floats" if options.floats else "status", _say))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error or type(error).__name__
        advice = "is it running, as this user, and with the same --netns-prefix and --control-socket?"
        _say(f"no agent answers on {options.control} ({why}): {advice}")
        return _NOT_RUNNING
    shown = status.floats_table if options.floats else status.table
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if options.output == "json" else shown(found))
    return 0


def purge_node(arguments: Sequence[str]) -> int:
    """Removes what is ours; 5 where an agent runs and --force was not given."""
    options = load_as(PurgeSettings, arguments, "purge")
    if not options.force and asyncio.run(listener.is_answered(options.control)):
        _say(f"an agent runs ({options.control} answers); stop it first, or --force")
        return _RUNNING
    with closing(LinuxKernel(options.external_interface, options.netns_prefix, options.route_protocol)) as kernel:
        for line in purge(kernel):
            sys.stdout.write(line if line.startswith("kept") else f"removed: {line}")
            sys.stdout.write("\n")
    return 0


def check_node(arguments: Sequence[str]) -> int:
    """Tries everything; 3 where something is missing."""
    options = load_as(CheckSettings, arguments, "check")
    missing = 0
    for finding in prerequisites.survey(options.external_interface, options.route_protocol):
        missing += bool(finding.wrong)
        sys.stdout.write(f"{'MISSING' if finding.wrong else 'ok':8}{finding.what}\n")
        if finding.wrong:
            sys.stdout.write(f"{'':8}{finding.wrong}: {finding.advice}\n")
    return _MISSING if missing else 0


def _say(words: str) -> None:
    sys.stderr.write(f"buoy-agent: {words}\n")


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"status": show_status, "purge": purge_node, "check": check_node}
