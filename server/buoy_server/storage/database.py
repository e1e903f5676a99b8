"""Opening a database: its settings, its lock, its schema."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import ArgumentError, DBAPIError

from buoy_server.storage.store import SqlStore

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: an answer is given only for what would survive a power cut.
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000", "temp_store = MEMORY")


class DatabaseError(Exception):
    """The database cannot be opened, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; `close` gives up its lock as well."""

    store: SqlStore
    release: Callable[[], None]

    def close(self) -> None:
        """Close every connection and release the lock."""
        self.store.close()
        self.release()


def database_path(url: str) -> Path:
    """Return the SQLite file that a URL names, or raise DatabaseError."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError as error:
        raise DatabaseError(f"database: {url} is no database URL such as sqlite:////var/lib/buoy/buoy.db") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise DatabaseError(f"database: {url} is no SQLite file: give sqlite:///PATH")
    return Path(parsed.database).absolute()


def open_database(url: str) -> Database:
    """Open a database by its SQLAlchemy URL and bring its schema up to date, or raise DatabaseError."""
    path = database_path(url)
    release = lock(path)
    try:
        path.touch(mode=0o600)  # it holds what tokens are signed with; its journal takes its mode
        engine = sa.create_engine(url)
        sa.event.listen(engine, "connect", _set_pragmas)
        migrate(engine)
    except OSError as error:
        release()
        raise DatabaseError(f"database: {path} cannot be written: {error.strerror}") from error
    except DBAPIError as error:
        release()
        raise DatabaseError(f"database: {path} cannot be opened: {error.orig}") from error
    log.info("database open", path=str(path), sqlite=sqlite3.sqlite_version)
    return Database(SqlStore(engine), release)


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to the newest version."""
    if _schema(engine) == newest_schema():
        return
    # Imported where there is something to migrate: it costs more than all else that opening a database does.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest_schema() -> str:
    """Return the version of the schema that this program's migrations lead to: what the last one's file begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _schema(engine: sa.Engine) -> str | None:
    """Return the version of a database's schema, None for one that has none yet."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def lock(path: Path) -> Callable[[], None]:
    """Take the lock that keeps a second server off the same file; it is gone when the process is, however that ended."""
    name = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseError(f"database: {name} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DatabaseError(f"database: {path} is in use by another buoy-server: stop it, or name another file") from error
    return lambda: os.close(descriptor)


def _set_pragmas(connection: Any, _record: Any) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
