"""Where settings come from, each for itself: arguments, then the environment, then the file, then defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buoy_client.config_file import ConfigError, ConfigFile, Values, parse

DEFAULT_SERVER = "127.0.0.1:7117"
DEFAULT_TIMEOUT = 30.0
SETTINGS = ("server", "namespace", "key", "timeout", "output")
ARGUMENT = "argument"

__all__ = ["ARGUMENT", "Config", "ConfigError", "chosen_target", "load", "seconds_from_text"]


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a client; None stands for the default. `sources` says of each that is set where that was."""

    server: str | None = None
    namespace: str | None = None
    timeout: float | None = None
    output: str | None = None
    key: str | None = field(default=None, repr=False)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    exposed_file: Path | None = field(default=None, compare=False)


NOTHING = Config()


def default_path(environ: Mapping[str, str]) -> Path:
    """Give the path of the user's own file, which need not exist."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
    return Path(home) / "buoy" / "config.toml"


def read_file(path: Path | None, environ: Mapping[str, str]) -> ConfigFile:
    """Read the file that is named, by BUOY_CONFIG if not here, else the user's own where there is one."""
    named = path or (Path(environ["BUOY_CONFIG"]) if environ.get("BUOY_CONFIG") else None)
    chosen = named or default_path(environ)
    return parse(chosen) if named or chosen.is_file() else ConfigFile(chosen)


def load(
    path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    arguments: Config = NOTHING,
    profile: str | None = None,
) -> Config:
    """Bring all settings together; ConfigError says what cannot be used."""
    file = read_file(path, environ)
    chosen = profile or environ.get("BUOY_PROFILE") or file.values.get("profile")
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for values, source in (
        (file.settings(chosen), f"profile {chosen} in {file.path}" if chosen else str(file.path)),
        (in_environment(environ), "BUOY_*"),
        ({name: getattr(arguments, name) for name in SETTINGS}, ARGUMENT),
    ):
        given = {name: value for name, value in values.items() if value not in (None, "")}
        found |= given
        sources |= {name: source.replace("*", name.upper()) if source == "BUOY_*" else source for name in given}
    if found.get("key") and not found.get("namespace"):
        raise ConfigError(f"a key ({sources['key']}) belongs to a namespace: give that too")
    return Config(**found, sources=sources, exposed_file=file.path if file.exposed else None)


def in_environment(environ: Mapping[str, str]) -> Values:
    """Read the BUOY_* variables that are settings."""
    values: dict[str, Any] = {name: environ.get(f"BUOY_{name.upper()}") for name in SETTINGS}
    if values["timeout"]:
        values["timeout"] = seconds_from_text(values["timeout"])
    return values


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
