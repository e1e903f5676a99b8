"""Copies of a SQLite database: one taken while a server may run on it, and one put in the place of a database.

A copy is one reading transaction of a connection that cannot write and never checkpoints (SQLite before 3.51.3 may corrupt a
database that two connections checkpoint). It is written under another name, checked, made durable, and only then renamed.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from buoy_server.storage.database import database_path, lock, migrate, newest_schema
from buoy_server.storage.tables import identity

STEP_PAGES = 1_024  # 4 MB: how much is copied between two words of progress

Progress = Callable[[int, int], None]  # pages copied, pages in all


class CopyError(Exception):
    """A copy cannot be made or used, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds."""

    schema: str
    revision: int
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept` is where the database that was there is now."""

    contents: Contents
    cluster_id: str
    kept: Path | None


def backup(url: str, target: Path, progress: Progress) -> Contents:
    """Copy the database of a URL into a new file that only its owner may read, or raise CopyError or DatabaseError."""
    source = database_path(url)
    if not source.is_file():
        raise CopyError(f"there is no database {source}")
    if target.exists():
        raise CopyError(f"{target} exists: name another file")
    partial = _beside(target)
    try:
        _copy(source, partial, progress)
        contents = check(partial)
        _sync(partial)
        if target.exists():
            raise CopyError(f"{target} exists by now: name another file")
        partial.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise CopyError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return contents


def restore(url: str, source: Path, progress: Progress, *, replace: bool) -> Restored:
    """Put a copy in the place of the database of a URL, as a cluster of its own, or raise CopyError or DatabaseError.

    Nothing is replaced before the copy is complete, checked and durable; what was there is kept beside it.
    """
    path = database_path(url)
    if not source.is_file():
        raise CopyError(f"there is no file {source}")
    release = lock(path)
    partial = _beside(path)
    try:
        if path.exists() and not replace:
            raise CopyError(f"{path} exists: give --replace to put the copy in its place; it is kept beside it")
        _copy(source, partial, progress)
        contents = check(partial)
        cluster_id = _make_own(partial)
        _sync(partial)
        kept = _set_aside(path) if path.exists() else None
        partial.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise CopyError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
        release()
    return Restored(contents, cluster_id, kept)


def check(path: Path) -> Contents:
    """Return what a complete copy holds, or raise CopyError when it is damaged, no Buoy database, or of a newer program."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise CopyError(f"the copy is damaged: {found}")
            ((schema,),) = connection.execute("SELECT version_num FROM alembic_version")
            ((revision,),) = connection.execute("SELECT coalesce(max(revision), 0) FROM ledger")
    except (sqlite3.Error, ValueError) as error:
        raise CopyError(f"this is no whole Buoy database: {error}") from error
    if schema > newest_schema():
        raise CopyError(f"the copy is of a newer buoy-server: its schema is {schema}, this program's {newest_schema()}")
    return Contents(schema, revision, path.stat().st_size)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy as of one moment, however long it takes: the transaction that is open keeps others' commits out of the copy."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as reading,
            closing(sqlite3.connect(target, isolation_level=None)) as writing,
        ):
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            writing.execute("PRAGMA synchronous = OFF")  # it is made durable at the end, as a whole
            reading.backup(writing, pages=STEP_PAGES, progress=lambda _, left, pages: progress(pages - left, pages), sleep=0)
            writing.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    except sqlite3.Error as error:
        raise CopyError(f"{source} cannot be copied: {error}") from error


def _make_own(path: Path) -> str:
    """Give a copy the newest schema and an identity of its own, since its revisions mean something else from here on."""
    cluster_id = str(uuid4())
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        with engine.begin() as connection:
            connection.execute(sa.delete(identity))
            connection.execute(sa.insert(identity), {"cluster_id": cluster_id})
    finally:
        engine.dispose()
    return cluster_id


def _set_aside(path: Path) -> Path:
    """Keep a database under another name, and return that; its own name goes on meaning it until the copy takes the name."""
    kept = path.with_name(f"{path.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as last:  # a damaged one is kept as it is
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.link(path, kept)
    for suffix in ("-wal", "-shm"):  # left only by a damaged one; beside the copy they would be taken for the copy's
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    return kept


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}.partial")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
