"""buoy-server: reads its settings, opens the database, serves until SIGTERM or SIGINT.

Instead of serving, `buoy-server bootstrap` makes the first key of the namespace `system`, `buoy-server backup FILE` copies the
database while a server may run on it, and `buoy-server restore FILE` puts such a copy in the database's place. `buoy-server
fsck` checks the database, also beside a running server, and changes nothing.

Exit codes: 0 stopped on request, 1 fsck found something, 2 a setting is wrong, 3 the database or a listen target is not to be
had.
"""

import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import NoReturn

import structlog
from pydantic import ValidationError

from buoy_server import logs, settings
from buoy_server.bootstrap import BootstrapError, bootstrap
from buoy_server.errors import ListenError
from buoy_server.fsck import report
from buoy_server.server import Options, Server
from buoy_server.storage import copies
from buoy_server.storage.copies import CopyError
from buoy_server.storage.database import Database, DatabaseError, open_database
from buoy_server.storage.fsck import check_database
from buoy_server.storage.retention import Retention

EXIT_SETTINGS = 2
EXIT_UNAVAILABLE = 3
COPYING = ("backup", "restore")
JSON = ("-o", "json")
COMMANDS = ("serve", "bootstrap", "fsck", *COPYING)

log = structlog.get_logger()


def main() -> None:
    """Run the program."""
    command, *arguments = sys.argv[1:] if sys.argv[1:2] and sys.argv[1] in COMMANDS else ["serve", *sys.argv[1:]]
    file = Path(arguments.pop(0)) if command in COPYING and arguments and not arguments[0].startswith("-") else None
    if command in COPYING and file is None and not {"-h", "--help"} & set(arguments):
        _fail(EXIT_SETTINGS, f"{command}: name the file: buoy-server {command} FILE")
    replace, as_json = "--replace" in arguments, command == "fsck" and tuple(arguments[:2]) == JSON
    arguments = arguments[2:] if as_json else arguments
    try:
        chosen = settings.load([argument for argument in arguments if command != "restore" or argument != "--replace"])
    except ValidationError as error:
        _fail(EXIT_SETTINGS, *(_settings_line(dict(line)) for line in error.errors()))
    except ValueError as error:
        _fail(EXIT_SETTINGS, str(error))
    logs.configure(chosen.log_level)
    try:
        if command == "backup" and file is not None:
            _backup(chosen.database, file)
        elif command == "fsck":
            sys.exit(report(check_database(chosen.database), chosen.database, as_json=as_json))
        elif command == "restore" and file is not None:
            _restore(chosen.database, file, replace=replace)
        else:
            _run(command, chosen)
    except (DatabaseError, CopyError, ListenError, BootstrapError) as error:
        _fail(EXIT_UNAVAILABLE, str(error))


def _run(command: str, chosen: settings.Settings) -> None:
    database = open_database(chosen.database)
    try:
        asyncio.run(_bootstrap(database) if command == "bootstrap" else _serve(chosen, database))
    finally:
        database.close()


def _backup(url: str, file: Path) -> None:
    contents = copies.backup(url, file, _show_progress)
    _say(f"{file} holds the database as of revision {contents.revision}, {contents.size} bytes, checked")
    _say("It holds what tokens are signed with and hashes of all keys: keep it as safe as the database.")


def _restore(url: str, file: Path, *, replace: bool) -> None:
    restored = copies.restore(url, file, _show_progress, replace=replace)
    _say(f"the database is that of {file} as of revision {restored.contents.revision}, as cluster {restored.cluster_id}")
    if restored.kept:
        _say(f"what was there is kept as {restored.kept}")
    _say("Watches take a fresh snapshot when they come back, and agents everything: what came after the backup is undone.")


def _show_progress(done: int, pages: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done * 100 // max(pages, 1)} % of {pages} pages", end="\n" if done == pages else "", file=sys.stderr)  # noqa: T201


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - for the person who asked for it


async def _bootstrap(database: Database) -> None:
    key = await bootstrap(database.store)
    print(key)  # noqa: T201 - the one thing that is asked for
    print(  # noqa: T201 - for a person; only the key goes to standard output
        "This is the key `bootstrap` of the namespace `system`. It is not shown again.", file=sys.stderr
    )


def _tune() -> None:
    """Fit the interpreter to one loop that makes many objects, and one thread that writes while the loop goes on.

    The collector looks at what is new after 20,000 objects instead of 700, which is a tenth of a busy server's time. The
    writer's thread, which gives the interpreter up for each row, gets it back after 0.2 ms instead of 5.
    """
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.0002)


async def _serve(chosen: settings.Settings, database: Database) -> None:
    _tune()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options = Options(
        insecure=chosen.insecure,
        quarantine=chosen.quarantine,
        keep_deleted=chosen.keep_deleted,
        node_lease=chosen.node_lease,
        fence_delay=chosen.fence_delay,
        default_netblock=chosen.default_netblock,
        retention=Retention(
            history=chosen.keep_history,
            entries=chosen.keep_entries,
            audit_events=chosen.keep_audit_events,
            mutate_events=chosen.keep_mutate_events,
            status_events=chosen.keep_status_events,
            address_history=chosen.keep_address_history,
            resources_events=chosen.keep_resources_events,
        ),
    )
    server = Server(database.store, options, chosen.listen)
    try:
        bound = await server.start(chosen.http)
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
