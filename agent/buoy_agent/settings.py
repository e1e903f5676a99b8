"""The options of the agent: command line, then environment (BUOY_*), then the TOML file, then the default."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    CliImplicitFlag,
    CliSettingsSource,
    CliSuppress,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from buoy_agent import __version__
from buoy_agent.errors import ConfigurationError

_EPILOG = """\
Beside running: `buoy-agent status` asks the running agent, `buoy-agent check` looks what the machine lacks, and
`buoy-agent purge` removes everything of ours; each has a --help of its own.

Each option can also be given as a variable BUOY_<OPTION> and as a key <option> of the --config file, with _ for -.
The command line comes before the environment, the environment before the file.

A server that is not --insecure wants a key: `buoy namespace key set system agent-NODE --node NODE > FILE`, and --key-file FILE
(or BUOY_KEY).

exit codes:
  0  stopped by SIGTERM or SIGINT; what is programmed stays programmed
  1  something unforeseen; the last log line says what
  2  an option is missing or wrong
  3  the machine lacks a kernel feature or a privilege (a missing external interface is waited for)
"""


class NodeSettings(BaseSettings):
    """What every command of a node needs to know."""

    model_config = SettingsConfigDict(env_prefix="BUOY_", cli_kebab_case=True, extra="ignore", frozen=True)

    external_interface: str = Field(min_length=1, max_length=15, description="the NIC that faces the outside")
    netns_prefix: str = Field(
        default="buoy-",
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="begins the names of our network namespaces; different for each agent on one machine",
    )
    route_protocol: int = Field(
        default=98, ge=5, le=255, description="the protocol number that our routes and proxy neighbours bear, and nobody else's"
    )
    control_socket: Path | None = Field(
        default=None, description="where the running agent is asked for its status [/run/buoy/agent.sock, after another prefix]"
    )
    config: str | None = Field(default=None, description="a TOML file with these options as keys")

    @property
    def control(self) -> Path:
        """Where the agent of this prefix listens."""
        prefix = "" if self.netns_prefix == "buoy-" else self.netns_prefix
        return self.control_socket or Path(f"/run/buoy/{prefix}agent.sock")


class StatusSettings(NodeSettings):
    """Says what the running agent has: desired against actual, its connection, what it has put right."""

    external_interface: str = Field(default="", description="of no use here")
    output: Literal["table", "json"] = Field(
        default="table", validation_alias=AliasChoices("o", "output"), description="how to say it"
    )
    floats: CliImplicitFlag[bool] = Field(default=False, description="each float with its traffic instead")


class PurgeSettings(NodeSettings):
    """Removes everything of ours from the kernel, and says what; for a node that leaves."""

    force: CliImplicitFlag[bool] = Field(default=False, description="also while an agent runs, which will make it all again")


class CheckSettings(NodeSettings):
    """Says what the machine lacks for an agent, and what to do about it."""


class Settings(NodeSettings):
    """Programs the floating addresses of one node; runs in the node's host network namespace."""

    server: str = Field(min_length=1, description="the server's gRPC target: host:port, dns:///name:port or unix:///path")
    node: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,253}$", description="this node's name, as the server knows it")
    key_file: Path | None = Field(
        default=None, description="a file with this agent's key; read again for each token, so that it may change"
    )
    key: CliSuppress[SecretStr | None] = Field(default=None, description="the key itself; not for the command line")
    namespace: str = Field(default="system", description="the namespace whose key it is")
    announce: Literal["arp", "route"] = Field(
        default="arp", description="how neighbours find floats: arp answers for them; route leaves it to a routing daemon"
    )
    check_interval: float = Field(
        default=60.0, ge=1.0, description="seconds between two full checks of the kernel; foreign changes are seen at once"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least weighty log line to write"
    )

    @field_validator("key_file")
    @classmethod
    def _holds_a_key(cls, path: Path | None) -> Path | None:
        try:
            empty = path is not None and not path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', 'no text')}") from None
        if empty:
            raise ValueError(f"{path} is empty")
        return path

    def read_key(self) -> str | None:
        """The key as it stands in its file now, or as it was set; None without one. Raises OSError."""
        if self.key_file is not None:
            return self.key_file.read_text(encoding="utf-8").strip()
        return self.key.get_secret_value() if self.key else None


class _Environment(EnvSettingsSource):
    """The variables, but for the namespace and key that a shell has for `buoy`, where the command line names a key file."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        if {"key_file", "key-file"} & self.current_state.keys():
            return {name: value for name, value in values.items() if name not in {"namespace", "key"}}
        return values


Kind = TypeVar("Kind", bound=NodeSettings)


def load(arguments: Sequence[str]) -> Settings:
    """The settings of an agent from all sources."""
    return load_as(Settings, arguments)


def load_as(kind: type[Kind], arguments: Sequence[str], command: str = "") -> Kind:
    """The settings of a command from all sources; raises ConfigurationError, or SystemExit (--help, bad usage)."""
    path = _config_path(arguments)

    class Sources(kind):  # type: ignore[valid-type, misc] # mypy knows no class whose base is a variable
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            command_line: CliSettingsSource[argparse.ArgumentParser] = CliSettingsSource(
                settings_cls, root_parser=_parser(kind, command), cli_parse_args=list(arguments), cli_prog_name="buoy-agent"
            )
            file = (TomlConfigSettingsSource(settings_cls, path),) if path else ()
            return (command_line, init_settings, _Environment(settings_cls), *file)

    try:
        loaded: Kind = Sources(**_nothing())
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"config: {path}: {error}") from error
    return loaded


def _config_path(arguments: Sequence[str]) -> str | None:
    """The TOML file is itself an option: read before everything else."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", default=os.environ.get("BUOY_CONFIG"))
    path = parser.parse_known_args(arguments)[0].config
    return str(path) if path else None


def _parser(kind: type[NodeSettings], command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"buoy-agent {command}".strip(),
        description=kind.__doc__,
        epilog=_EPILOG if kind is Settings else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"buoy-agent {__version__}")
    return parser


def _one_line(error: ValidationError) -> str:
    """Every wrong key with what is wrong, and where it could be set."""
    lines = []
    for entry in error.errors():
        key = str(entry["loc"][0]).replace("-", "_") if entry["loc"] else "options"
        words = "not set" if entry["type"] == "missing" else entry["msg"].removeprefix("Value error, ")
        lines.append(f"{key}: {words} (--{key.replace('_', '-')}, BUOY_{key.upper()} or {key} in the config file)")
    return "; ".join(lines)


def _nothing() -> dict[str, Any]:
    """No value comes from the constructor; typed so that the required fields need not be named there."""
    return {}
