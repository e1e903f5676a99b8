"""The table of answers to attempts (`feed/answers.py`): its key is unique, which is how a repeat is found out."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from buoy_server.feed.answers import Answer
from buoy_server.storage.moments import microseconds, moment
from buoy_server.storage.tables import answers


def insert(connection: sa.Connection, kept: Sequence[Answer]) -> None:
    """Keep answers; an IntegrityError means that one is kept already."""
    if kept:
        connection.execute(sa.insert(answers), [_row(answer) for answer in kept])


def find(connection: sa.Connection, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
    """Return the answers that are kept under some of these keys."""
    if not keys:
        return {}
    rows = connection.execute(sa.select(answers).where(answers.c.key.in_(keys))).mappings()
    return {row["key"]: Answer(row["key"], row["request"], row["answer"], moment(row["time"])) for row in rows}


def _row(answer: Answer) -> dict[str, Any]:
    return {
        "key": answer.key,
        "request": answer.request,
        "answer": answer.response,
        "time": microseconds(answer.time),
    }
