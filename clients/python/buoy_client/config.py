"""Where settings come from: arguments, then the environment, then a TOML file, then defaults.

The file holds `server`, `namespace`, `timeout` and `output` at its top level:

    server = "unix:///run/buoy/buoy.sock"
    namespace = "blue"
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SERVER = "127.0.0.1:7117"
DEFAULT_TIMEOUT = 30.0
TYPES: dict[str, type | tuple[type, ...]] = {"server": str, "namespace": str, "timeout": (int, float), "output": str}


class ConfigError(ValueError):
    """A setting cannot be used; the words name the file and the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a client; None stands for the default."""

    server: str | None = None
    namespace: str | None = None
    timeout: float | None = None
    output: str | None = None


def default_path(environ: Mapping[str, str]) -> Path:
    """Give the path of the user's own file, which need not exist."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
    return Path(home) / "buoy" / "config.toml"


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the file that is named, by BUOY_CONFIG if not here, else the user's own; then put the environment over it."""
    named = path or (Path(environ["BUOY_CONFIG"]) if environ.get("BUOY_CONFIG") else None)
    chosen = named or default_path(environ)
    in_file = parse(chosen) if named or chosen.is_file() else Config()
    return Config(
        server=environ.get("BUOY_SERVER") or in_file.server,
        namespace=environ.get("BUOY_NAMESPACE") or in_file.namespace,
        timeout=seconds_from_text(environ["BUOY_TIMEOUT"]) if environ.get("BUOY_TIMEOUT") else in_file.timeout,
        output=environ.get("BUOY_OUTPUT") or in_file.output,
    )


def parse(path: Path) -> Config:
    """Read one file; ConfigError names what is wrong in it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: {words}") from None
    for key, value in values.items():
        if key not in TYPES:
            raise ConfigError(f"{path}: unknown key {key!r} (known: {', '.join(TYPES)})")
        if not isinstance(value, TYPES[key]) or isinstance(value, bool):
            raise ConfigError(f"{path}: {key} has the wrong type")
    return Config(**values)


def chosen_target(argument: str | None, config: Config) -> str:
    """Give the server to call; ConfigError for a unix socket whose path is not whole, which grpc cannot say in words."""
    target = argument or config.server or DEFAULT_SERVER
    path = target.removeprefix("unix:").removeprefix("//")
    if target.startswith("unix:") and not path.startswith("/"):
        raise ConfigError(f"{target}: a unix socket is unix:///PATH, with its whole path")
    return target


def seconds_from_text(text: str) -> float:
    """Read a number of seconds, also as "5m", "1.5s", "200ms", "1h"."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    number = text.strip().rstrip("dhms")
    unit = text.strip()[len(number) :] or "s"
    try:
        return float(number) * units[unit]
    except (KeyError, ValueError):
        raise ConfigError(f'{text!r} is not a duration such as 30, "5m" or "200ms"') from None
