"""The command `buoy-agent`. Exit codes: 0 stopped, 1 unforeseen, 2 an option is wrong, 3 the machine lacks something.

Of `status`: 4 no agent answers; of `purge`: 5 an agent runs.
"""

import asyncio
import logging
import sys
from contextlib import closing

import structlog

from buoy_agent import app, settings
from buoy_agent.control.commands import COMMANDS
from buoy_agent.errors import AgentError, ConfigurationError, PrerequisiteError
from buoy_agent.kernel import prerequisites
from buoy_agent.kernel.examiner import LinuxExaminer
from buoy_agent.kernel.linux import LinuxKernel

_EXIT_CODES: tuple[tuple[type[AgentError], int], ...] = ((ConfigurationError, 2), (PrerequisiteError, 3), (AgentError, 1))


def main() -> None:
    """Runs the agent and exits with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs the agent, or another command, to its end; returns the exit code."""
    try:
        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        options = settings.load(arguments)
        configure_logs(options.log_level)
        prerequisites.check()
        place = (options.external_interface, options.netns_prefix, options.route_protocol)
        by_arp = options.announce == "arp"
        with closing(LinuxKernel(*place)) as kernel, closing(LinuxExaminer(*place, by_arp=by_arp)) as examiner:
            asyncio.run(app.run(options, kernel, examiner))
    except AgentError as error:
        sys.stderr.write(f"buoy-agent: {error}\n")
        return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))
    return 0


def configure_logs(level: str) -> None:
    """JSON lines on stderr; for a person at a terminal, coloured ones."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


if __name__ == "__main__":
    main()
