"""Statements of the write path, compiled once: what SQLAlchemy does for each execution costs as much as the database does."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError


class Prepared:
    """A statement as the driver takes it, and the order of its parameters; its values must be what the driver takes, too."""

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order = compiled.positiontup
        self._dialect = dialect

    def execute(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it once for each row, by the driver's cursor, for which SQLAlchemy waits; errors are SQLAlchemy's."""
        order = self._order  # None: the driver takes parameters by name
        values: list[Any] = [dict(row) if order is None else tuple([row[name] for name in order]) for row in rows]
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(self._text, values)
        except self._dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                self._text, values, error, self._dialect.loaded_dbapi.Error, dialect=self._dialect
            ) from error
        finally:
            cursor.close()


def insertion(table: sa.Table, dialect: sa.Dialect) -> Prepared:
    """Return what inserts rows; every column is given, but one that the database counts up."""
    given = [column for column in table.columns if column is not table.autoincrement_column]
    return Prepared(sa.insert(table).values({column.name: sa.bindparam(column.name) for column in given}), dialect)


def upsertion(table: sa.Table, dialect: sa.Dialect) -> Prepared:
    """Return what writes the rows of objects, which may be there already."""
    statement = _insert(table, dialect)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name != "key"}
    return Prepared(statement.on_conflict_do_update(index_elements=[table.c.key], set_=changed), dialect)


def deletion(table: sa.Table, dialect: sa.Dialect) -> Prepared:
    """Return what deletes the rows of objects by `gone`, their key."""
    return Prepared(sa.delete(table).where(table.c.key == sa.bindparam("gone")), dialect)


def _insert(table: sa.Table, dialect: sa.Dialect) -> Any:
    if dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  with its drivers, which no other database needs

        return postgresql.insert(table)
    return sqlite.insert(table)
