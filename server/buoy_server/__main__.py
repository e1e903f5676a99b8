"""buoy-server: reads its settings, opens the database, serves until SIGTERM or SIGINT.

Exit codes: 0 stopped on request, 2 a setting is wrong, 3 the database or a listen target is not to be had.
"""

import asyncio
import signal
import sys
from typing import NoReturn

import structlog
from pydantic import ValidationError

from buoy_server import logs, settings
from buoy_server.server import ListenError, Server
from buoy_server.storage.database import Database, DatabaseError, open_database

EXIT_SETTINGS = 2
EXIT_UNAVAILABLE = 3

log = structlog.get_logger()


def main() -> None:
    """Run the program."""
    try:
        chosen = settings.load(sys.argv[1:])
    except ValidationError as error:
        _fail(EXIT_SETTINGS, *(_settings_line(dict(line)) for line in error.errors()))
    except ValueError as error:
        _fail(EXIT_SETTINGS, str(error))
    logs.configure(chosen.log_level)
    try:
        database = open_database(chosen.database)
    except DatabaseError as error:
        _fail(EXIT_UNAVAILABLE, str(error))
    try:
        asyncio.run(_serve(chosen, database))
    except ListenError as error:
        _fail(EXIT_UNAVAILABLE, str(error))
    finally:
        database.close()


async def _serve(chosen: settings.Settings, database: Database) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(
        database.store, quarantine=chosen.quarantine, keep_deleted=chosen.keep_deleted, node_lease=chosen.node_lease
    )
    try:
        bound = await server.start(chosen.listen)
        log.info("serving", listen=bound)
        await stop.wait()
        log.info("stopping")
    finally:
        await server.stop()
    log.info("stopped")


def _settings_line(error: dict[str, object]) -> str:
    where = error.get("loc")
    key = ".".join(str(part) for part in where) if isinstance(where, tuple) else ""
    text = str(error.get("msg")).removeprefix("Value error, ")
    return f"{key}: {text}" if key else text


def _fail(code: int, *lines: str) -> NoReturn:
    for line in lines:
        print(f"buoy-server: {line}", file=sys.stderr)  # noqa: T201 - the logs are not set up yet
    sys.exit(code)


if __name__ == "__main__":
    main()
