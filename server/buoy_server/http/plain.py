"""JSON numbers as they were sent: protobuf keeps doubles, and 20 would come back as 20.0."""

from buoy_server.core.model import Json


def plain(value: Json) -> Json:
    """Return a JSON value whose whole numbers are integers."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value
