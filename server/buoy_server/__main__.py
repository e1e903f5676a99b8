"""buoy-server: reads its settings, opens the database, serves until SIGTERM or SIGINT.

`buoy-server bootstrap` makes the first key of the namespace `system` instead, prints it, and ends.

Exit codes: 0 stopped on request, 2 a setting is wrong, 3 the database or a listen target is not to be had.
"""

import asyncio
import signal
import sys
from typing import NoReturn

import structlog
from pydantic import ValidationError

from buoy_server import logs, settings
from buoy_server.bootstrap import BootstrapError, bootstrap
from buoy_server.errors import ListenError
from buoy_server.server import Options, Server
from buoy_server.storage.database import Database, DatabaseError, open_database
from buoy_server.storage.retention import Retention

EXIT_SETTINGS = 2
EXIT_UNAVAILABLE = 3

log = structlog.get_logger()


def main() -> None:
    """Run the program."""
    arguments = sys.argv[1:]
    bootstrapping = arguments[:1] == ["bootstrap"]
    try:
        chosen = settings.load(arguments[1:] if bootstrapping else arguments)
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
        if bootstrapping:
            asyncio.run(_bootstrap(database))
        else:
            asyncio.run(_serve(chosen, database))
    except (ListenError, BootstrapError) as error:
        _fail(EXIT_UNAVAILABLE, str(error))
    finally:
        database.close()


async def _bootstrap(database: Database) -> None:
    key = await bootstrap(database.store)
    print(key)  # noqa: T201 - the one thing that is asked for
    print(  # noqa: T201 - for a person; only the key goes to standard output
        "This is the key `bootstrap` of the namespace `system`. It is not shown again.", file=sys.stderr
    )


async def _serve(chosen: settings.Settings, database: Database) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options = Options(
        insecure=chosen.insecure,
        quarantine=chosen.quarantine,
        keep_deleted=chosen.keep_deleted,
        node_lease=chosen.node_lease,
        default_netblock=chosen.default_netblock,
        retention=Retention(
            history=chosen.keep_history,
            entries=chosen.keep_entries,
            audit_events=chosen.keep_audit_events,
            mutate_events=chosen.keep_mutate_events,
            status_events=chosen.keep_status_events,
        ),
    )
    server = Server(database.store, options)
    try:
        bound = await server.start(chosen.listen, chosen.http)
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
