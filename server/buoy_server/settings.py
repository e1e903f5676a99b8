"""Settings of the server: command line, then BUOY_* variables, then a TOML file, then defaults."""

import argparse
import os
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    CliImplicitFlag,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from buoy_server.core.errors import Malformed
from buoy_server.rpc import checks

DEFAULT_LISTEN = "127.0.0.1:7117"


class Settings(BaseSettings):
    """The control plane of Buoy: network interfaces of instances and their floating addresses.

    It serves, or with a command before the options does one thing: bootstrap (make the first key), backup FILE (copy the
    database, also while it is served), restore FILE [--replace] (put a copy in its place), fsck [-o json] (check the database,
    also while it is served).
    """

    model_config = SettingsConfigDict(
        env_prefix="BUOY_",
        cli_prog_name="buoy-server",
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        extra="forbid",
    )

    database: str = Field("sqlite:///buoy.db", description="SQLAlchemy URL of the database: sqlite:///PATH")
    listen: Annotated[list[str], NoDecode] = Field(
        [DEFAULT_LISTEN], description="where to serve gRPC: loopback HOST:PORT or unix:///PATH; may be given several times"
    )
    http: str | None = Field(
        None, description="where to serve REST: loopback HOST:PORT or http://HOST:PORT; not served unless it is given"
    )
    insecure: CliImplicitFlag[bool] = Field(False, description="take callers without a token for the namespace `system`")
    quarantine: timedelta = Field(
        timedelta(seconds=300), description="how long a released address rests, in seconds; a pool may have its own"
    )
    keep_deleted: timedelta = Field(timedelta(hours=1), description="how long deleted objects stay readable, in seconds")
    keep_history: timedelta = Field(
        timedelta(hours=24), ge=timedelta(), description="how long a watch can be resumed from its past, in seconds"
    )
    keep_entries: int = Field(1_000_000, ge=1, description="how many changes of the past are kept at most for that")
    keep_audit_events: timedelta = Field(
        timedelta(days=90), ge=timedelta(), description="how long the events of what was asked for are kept, in seconds"
    )
    keep_mutate_events: timedelta = Field(
        timedelta(days=90), ge=timedelta(), description="how long the events of what was changed are kept, in seconds"
    )
    keep_status_events: timedelta = Field(
        timedelta(days=7), ge=timedelta(), description="how long the events of what came of it are kept, in seconds"
    )
    keep_resources_events: timedelta = Field(
        timedelta(days=30), ge=timedelta(), description="how long the events of what ran low are kept, in seconds"
    )
    keep_address_history: timedelta = Field(
        timedelta(days=90), ge=timedelta(), description="how long it is kept who had an address, from the end of it, in seconds"
    )
    node_lease: float = Field(15.0, gt=0, description="seconds that an agent may be away before its node is missing")
    fence_delay: float = Field(
        0,
        ge=0,
        description="seconds after a node's lease until something has certainly switched its machine off (a watchdog, an "
        "orchestrator): what it was to let go of rests then; 0: nothing does, and only an operator says so",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what to log, at least")
    default_netblock: IPv4Network = Field(
        IPv4Network("10.0.0.0/20"), description="netblock of the network that a namespace gets for instances without networks"
    )
    config: Path | None = Field(None, description="a TOML file with these settings, as keys like keep_deleted")

    @field_validator("http")
    @classmethod
    def _take_url(cls, value: str | None) -> str | None:
        return value.removeprefix("http://").rstrip("/") if value else value

    @field_validator("default_netblock")
    @classmethod
    def _refuse_odd_netblock(cls, value: IPv4Network) -> IPv4Network:
        try:
            return checks.netblock(str(value), "default_netblock")
        except Malformed as error:
            raise ValueError(error.message) from error

    @field_validator("listen", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _refuse_open_doors(self) -> "Settings":
        if not self.listen:
            raise ValueError("listen: give at least one HOST:PORT or unix:///PATH")
        for target in self.listen:
            if not _is_local(target):
                raise ValueError(
                    f"listen: {target} is neither loopback nor a unix socket; there is no TLS yet for anything else"
                )
        if self.http and not _is_local(self.http):
            raise ValueError(f"http: {self.http} is not loopback: put a proxy that speaks TLS before it")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the TOML file, below everything else."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file)


_config_file: Path | None = None


def load(arguments: Sequence[str]) -> Settings:
    """Read the settings, or raise pydantic's ValidationError or ValueError; --help and --version end the process."""
    global _config_file  # noqa: PLW0603 - pydantic-settings builds its sources from the class, before there is an object
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--config")
    early.add_argument("--version", action="version", version=f"buoy-server {version('buoy-server')}")
    known, _ = early.parse_known_args(arguments)
    name = known.config or os.environ.get("BUOY_CONFIG")
    _config_file = Path(name) if name else None
    if _config_file is not None and not _config_file.is_file():
        raise ValueError(f"config: there is no file {_config_file}")
    values: dict[str, Any] = {"_cli_parse_args": list(arguments)}
    return Settings(**values)


def _is_local(target: str) -> bool:
    if target.startswith("unix:"):
        return True
    host, _, port = target.rpartition(":")
    if not port.isdigit():
        return False
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
