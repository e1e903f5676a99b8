"""The table of answers to attempts (`feed/answers.py`): its key is unique, which is how a repeat is found out."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from buoy_server.feed.answers import Answer
from buoy_server.storage.moments import microseconds, moment
from buoy_server.storage.tables import answers


def find(connection: sa.Connection, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
    """Return the answers that are kept under some of these keys."""
    if not keys:
        return {}
    rows = connection.execute(sa.select(answers).where(answers.c.key.in_(keys))).mappings()
    return {row["key"]: Answer(row["key"], row["request"], row["answer"], moment(row["time"])) for row in rows}


def row_of(answer: Answer) -> dict[str, Any]:
    """Return an answer as its row; an IntegrityError of the insertion means that one is kept already."""
    return {
        "key": answer.key,
        "request": answer.request,
        "answer": answer.response,
        "time": microseconds(answer.time),
    }
