"""What a command works with: the client, the terminal, and how to answer."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from buoy_client.cli.formats import OutputFormat, name_of, to_json, to_yaml
from buoy_client.cli.tables import Column, field_lines, table_lines
from buoy_client.cli.views import Fields
from buoy_client.client import BuoyClient
from buoy_client.config import DEFAULT_TIMEOUT, Config, ConfigError, chosen_target, load
from buoy_client.record import Record

Item = TypeVar("Item", bound=Record)
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Globals:
    """The options before the subcommand."""

    server: str | None = None
    config: Path | None = None
    timeout: float | None = None
    output: OutputFormat | None = None
    namespace: str | None = None
    key: str | None = field(default=None, repr=False)
    profile: str | None = None

    @classmethod
    def parsed(cls, params: Mapping[str, Any]) -> "Globals":
        """Read them from parameters whose command did not run, as in a completion; nobody is asked for a key."""
        known = {name: params.get(name) for name in cls.__dataclass_fields__}
        return cls(**known | {"key": None if known["key"] == "-" else known["key"]})

    def settings(self) -> Config:
        """Bring together command line, environment and file, in this order."""
        arguments = Config(server=self.server, namespace=self.namespace, key=self.key, timeout=self.timeout, output=self.output)
        return load(self.config, arguments=arguments, profile=self.profile)


class Session:
    """One run of the program."""

    def __init__(self, client: BuoyClient, config: Config, output: OutputFormat) -> None:
        """Take the client, its settings, and the form of the output."""
        self.client = client
        self.config = config
        self.output = output
        self.console = Console(highlight=False, soft_wrap=True)

    def say(self, text: str | Text) -> None:
        """Print one line, and push it out at once."""
        if self.console.is_terminal:
            self.console.print(text, markup=False)
        else:
            sys.stdout.write(f"{text if isinstance(text, str) else text.plain}\n")
        sys.stdout.flush()

    def emit(self, value: Item, fields: Callable[[Item], Fields], title: str) -> None:
        """Answer with one object."""
        if self.output is OutputFormat.TABLE:
            self.show_page(field_lines(fields(value)), title)
        else:
            self.emit_plain(value)

    def emit_list(self, items: Sequence[Item], columns: Sequence[Column[Item]], kind: str) -> None:
        """Answer with a list, in words where it is empty."""
        if self.output is not OutputFormat.TABLE:
            self.emit_plain(items)
        elif items:
            for text in table_lines(columns, items, self.console.width if self.console.is_terminal else None):
                self.say(text)
        else:
            self.note(f"No {kind}.")

    def note(self, words: str) -> None:
        """Say something to people that is not the answer."""
        Console(stderr=True, highlight=False, soft_wrap=True).print(words, style="dim", markup=False)

    def emit_done(self, value: Record, words: str) -> None:
        """Answer a deletion or a change: one sentence for people, the object for programs."""
        if self.output is OutputFormat.TABLE:
            self.say(Text(words))
        else:
            self.emit_plain(value)

    def emit_plain(self, value: Record | Sequence[Record]) -> None:
        """Answer in one of the forms for programs."""
        if self.output is OutputFormat.NAME:
            for item in [value] if isinstance(value, Record) else value:
                self.say(name_of(item))
        else:
            self.say(to_yaml(value) if self.output is OutputFormat.YAML else to_json(value))

    def show_page(self, lines: Sequence[Text], title: str) -> None:
        """Show lines, in a frame on a terminal that is wide enough."""
        page = Text("\n").join(lines)
        if self.console.is_terminal:
            self.console.print(Panel(page, title=title, title_align="left", border_style="dim", expand=False))
        else:
            self.say(page)


def open_session(ctx: typer.Context, output: OutputFormat | None = None) -> Session:
    """Make the client of this run; it closes with the command."""
    given = ctx.find_object(Globals) or Globals()
    try:
        config = given.settings()
        chosen = output or OutputFormat(config.output or "table")
        chosen_target(None, config)
    except (ConfigError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    client = BuoyClient(config=config, connect_timeout=min(config.timeout or DEFAULT_TIMEOUT, PATIENCE))
    ctx.call_on_close(client.close)
    session = Session(client, config, chosen)
    if config.exposed_file is not None:
        session.note(f"Warning: {config.exposed_file} holds a key, and others can read it: chmod 600 it.")
    return session
