"""`buoy whoami`: which server, as whom, and where that was set. Never the key."""

from dataclasses import dataclass

import typer
from rich.text import Text

from buoy_client.cli.formats import OutputFormat
from buoy_client.cli.options import Output
from buoy_client.cli.session import Session, open_session
from buoy_client.cli.views import Fields
from buoy_client.cli.words import clean, plain_text
from buoy_client.config import ARGUMENT, DEFAULT_SERVER
from buoy_client.errors import BuoyError
from buoy_client.record import Record


@dataclass(frozen=True, slots=True)
class Whoami(Record):
    """What is set, where it was set, and whom the server takes this for (None: it did not say)."""

    server: str
    server_source: str
    namespace: str | None
    namespace_source: str | None
    key_source: str | None
    known_as: str | None


def told(session: Session, known_as: str | None) -> Whoami:
    """Give the settings of a run."""
    config = session.config
    sources = {name: "command line" if source == ARGUMENT else source for name, source in config.sources.items()}
    return Whoami(
        server=config.server or DEFAULT_SERVER,
        server_source=sources.get("server", "default"),
        namespace=config.namespace,
        namespace_source=sources.get("namespace"),
        key_source=sources.get("key"),
        known_as=known_as,
    )


def sourced(value: str | None, source: str | None) -> Text:
    """Give a setting with where it was set."""
    return Text.assemble(plain_text(value), (f" ({clean(source)})", "dim")) if source else plain_text(value)


def fields(it: Whoami) -> Fields:
    """Give the page."""
    return [
        ("server", sourced(it.server, it.server_source)),
        ("namespace", sourced(it.namespace, it.namespace_source)),
        ("key", sourced("given", it.key_source) if it.key_source else plain_text("none")),
        ("known as", plain_text(it.known_as or "not known: see below")),
    ]


def whoami(ctx: typer.Context, output: Output = None) -> None:
    """Show which server is used, as whom, and where that was set; the key itself is never shown."""
    session = open_session(ctx, output)
    refusal: BuoyError | None = None
    try:
        known_as = session.client.whoami()
    except BuoyError as error:
        known_as, refusal = None, error
    answer = told(session, known_as)
    if session.output is OutputFormat.NAME:
        session.say(known_as or "")
    else:
        session.emit(answer, fields, "whoami")
    if refusal is not None:
        raise refusal
