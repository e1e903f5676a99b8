"""Where a measured server keeps its database."""

from pathlib import Path


def disk() -> Path:
    """A directory on the checkout's own disk: a commit on a tmpfs would not be durable."""
    path = Path(".bench")
    path.mkdir(exist_ok=True)
    return path.resolve()
