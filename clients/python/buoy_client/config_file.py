"""The settings file, in TOML: `server`, `namespace`, `key`, `timeout` and `output` at its top level, and profiles.

    profile = "prod"

    [profiles.prod]
    server = "buoy.internal:7117"
    namespace = "blue"
    key = "..."

One profile is chosen, by `profile` at the top level unless otherwise; its server, namespace and key then stand for those at the
top level, so that a key never goes to a server that it was not written beside.
"""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "server": str,
    "namespace": str,
    "key": str,
    "timeout": (int, float),
    "output": str,
    "profile": str,
    "profiles": dict,
}
PROFILE_KEYS = ("server", "namespace", "key")
Values = Mapping[str, Any]


class ConfigError(ValueError):
    """A setting cannot be used; the words name the file and the key, and no secret."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What one file says."""

    path: Path
    values: Values = field(default_factory=dict, repr=False)

    @property
    def exposed(self) -> bool:
        """Whether it holds a key, and others than its owner can read it."""
        held = [self.values, *self.values.get("profiles", {}).values()]
        others = stat.S_IRGRP | stat.S_IROTH
        return any("key" in values for values in held) and bool(self.path.stat().st_mode & others)

    def settings(self, profile: str | None) -> Values:
        """Give all settings with those of a profile in their place; ConfigError where there is no such profile."""
        top = {name: value for name, value in self.values.items() if name not in ("profile", "profiles")}
        if not profile:
            return top
        profiles: Mapping[str, Values] = self.values.get("profiles", {})
        if profile not in profiles:
            known = f"there is {', '.join(sorted(profiles))}" if profiles else "there is none"
            raise ConfigError(f"{self.path}: no profile {profile!r} ({known})")
        return {name: value for name, value in top.items() if name not in PROFILE_KEYS} | dict(profiles[profile])


def parse(path: Path) -> ConfigFile:
    """Read one file; ConfigError names what is wrong in it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: {words}") from None
    check(path, "", values, tuple(TYPES))
    for name, profile in values.get("profiles", {}).items():
        if not isinstance(profile, dict):
            raise ConfigError(f"{path}: profiles.{name} has the wrong type")
        check(path, f"profiles.{name}.", profile, PROFILE_KEYS)
    return ConfigFile(path, values)


def check(path: Path, where: str, values: Values, known: tuple[str, ...]) -> None:
    """Raise ConfigError for a key that is not known, or whose value has the wrong type."""
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{path}: unknown key {where + key!r} (known: {', '.join(known)})")
        if not isinstance(value, TYPES[key]) or isinstance(value, bool):
            raise ConfigError(f"{path}: {where}{key} has the wrong type")
