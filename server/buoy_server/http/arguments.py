"""What a request asks for, by name: from its body (Shaken Fist's client sends one with GET and DELETE too); GET and DELETE
also from their query.

`null` and absent are the same. Every reader raises Malformed naming the field.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from buoy_server.core.errors import Malformed

_FLAGS = {"true": True, "false": False}


class Arguments(Mapping[str, Any]):
    """The arguments of one request."""

    def __init__(self, body: Mapping[str, Any], query: Mapping[str, str]) -> None:
        self._values = {**query, **body}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str:
        """Return a text, "" when it is absent."""
        value = self.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Malformed("a text was expected", field=name)
        return value

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        text = self.text(name)
        if not text:
            raise Malformed("it is missing", field=name)
        return text

    def flag(self, name: str) -> bool:
        """Return true or false, which it is when it is absent."""
        value = self.get(name)
        known = _FLAGS.get(value.lower()) if isinstance(value, str) else value
        if known is None and value is None:
            return False
        if not isinstance(known, bool):
            raise Malformed("true or false was expected", field=name)
        return known

    def count(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 to `most`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)  # the client's program sends --limit as text
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise Malformed(f"a number from 1 to {most} was expected", field=name)
        return value

    def object(self, name: str) -> dict[str, Any]:
        """Return an object, an empty one when it is absent."""
        value = self.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Malformed("an object was expected", field=name)
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return a list of objects, an empty one when it is absent."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Malformed("a list of objects was expected", field=name)
        return value
