"""What a command works with: the client, the terminal, and how to answer."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from buoy_client.cli.formats import OutputFormat, name_of, to_json, to_yaml
from buoy_client.cli.tables import Column, field_lines, table_lines
from buoy_client.cli.views import Fields
from buoy_client.client import BuoyClient
from buoy_client.config import DEFAULT_TIMEOUT, ConfigError, chosen_target, load
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


class Session:
    """One run of the program."""

    def __init__(self, client: BuoyClient, output: OutputFormat) -> None:
        """Take the client and the form of the output."""
        self.client = client
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
            Console(stderr=True, highlight=False).print(f"No {kind}.", style="dim")

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
    """Bring together command line, environment and file, in this order; the client closes with the command."""
    given = ctx.find_object(Globals) or Globals()
    try:
        config = load(given.config)
        chosen = output or given.output or OutputFormat(config.output or "table")
        target = chosen_target(given.server, config)
    except (ConfigError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    timeout = given.timeout or config.timeout or DEFAULT_TIMEOUT
    client = BuoyClient(target, namespace=config.namespace, timeout=timeout, connect_timeout=min(timeout, PATIENCE))
    ctx.call_on_close(client.close)
    return Session(client, chosen)
