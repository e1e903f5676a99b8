"""`buoy ... metadata`: the owner's own keys and values, for each kind of object the same."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.text import Text

from buoy_client.cli.formats import OutputFormat, to_json, to_yaml
from buoy_client.cli.options import INSTANCE, INTERFACE, NAMESPACE, NETWORK, Namespace, Output
from buoy_client.cli.session import Session, open_session
from buoy_client.cli.tables import Column, table_lines
from buoy_client.cli.views import value_text
from buoy_client.cli.words import clean
from buoy_client.client import BuoyClient
from buoy_client.record import Json, Record

Key = Annotated[str, typer.Argument(metavar="KEY", help="1 to 253 characters.")]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="JSON if it parses, else a string.")]
COLUMNS: list[Column[tuple[str, Json]]] = [
    Column("KEY", lambda item: Text(clean(item[0]))),
    Column("VALUE", lambda item: Text(value_text(item[1]))),
]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one kind of object; each takes the client and what names the object first."""

    get: Callable[..., dict[str, Json]]
    set: Callable[..., Record]
    delete: Callable[..., Record]


def value_from_text(text: str) -> Json:
    """Read JSON where it parses, else take the text as it is."""
    try:
        value: Json = json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return text
    return value


def answer(session: Session, found: Mapping[str, Json]) -> None:
    """Answer with all keys and values."""
    if session.output is OutputFormat.JSON or session.output is OutputFormat.YAML:
        session.say(to_json(found) if session.output is OutputFormat.JSON else to_yaml(found))
        return
    lines = table_lines(COLUMNS, list(found.items()), None) if found else []
    for line in lines if session.output is OutputFormat.TABLE else [Text(key) for key in found]:
        session.say(line)


def unique_app(kind: str, reference: Any, calls: Calls) -> typer.Typer:
    """Make the commands of a kind whose objects are named by one word."""
    app = typer.Typer(help=f"Keys and values of {kind}, never interpreted.", no_args_is_help=True)

    @app.command()
    def show(ctx: typer.Context, which: Annotated[str, reference], output: Output = None) -> None:
        """Show all keys and values."""
        session = open_session(ctx, output)
        answer(session, calls.get(session.client, which))

    @app.command("set")
    def set_item(ctx: typer.Context, which: Annotated[str, reference], key: Key, value: Value, output: Output = None) -> None:
        """Set one key, new or not."""
        session = open_session(ctx, output)
        session.emit_done(calls.set(session.client, which, key, value_from_text(value)), f"{clean(key)} is set.")

    @app.command()
    def delete(ctx: typer.Context, which: Annotated[str, reference], key: Key, output: Output = None) -> None:
        """Delete one key; an absent one is no error."""
        session = open_session(ctx, output)
        session.emit_done(calls.delete(session.client, which, key), f"{clean(key)} is deleted.")

    return app


def named_app(kind: str, reference: Any, calls: Calls) -> typer.Typer:
    """Make the commands of a kind whose names are looked up in a namespace."""
    app = typer.Typer(help=f"Keys and values of {kind}, never interpreted.", no_args_is_help=True)

    @app.command()
    def show(ctx: typer.Context, which: Annotated[str, reference], namespace: Namespace = None, output: Output = None) -> None:
        """Show all keys and values."""
        session = open_session(ctx, output)
        answer(session, calls.get(session.client, which, namespace=namespace))

    @app.command("set")
    def set_item(
        ctx: typer.Context,
        which: Annotated[str, reference],
        key: Key,
        value: Value,
        namespace: Namespace = None,
        output: Output = None,
    ) -> None:
        """Set one key, new or not."""
        session = open_session(ctx, output)
        changed = calls.set(session.client, which, key, value_from_text(value), namespace=namespace)
        session.emit_done(changed, f"{clean(key)} is set.")

    @app.command()
    def delete(
        ctx: typer.Context, which: Annotated[str, reference], key: Key, namespace: Namespace = None, output: Output = None
    ) -> None:
        """Delete one key; an absent one is no error."""
        session = open_session(ctx, output)
        session.emit_done(calls.delete(session.client, which, key, namespace=namespace), f"{clean(key)} is deleted.")

    return app


def calls_of(kind: str) -> Calls:
    """Give the client's calls of a kind, by their names."""

    def named(verb: str, rest: str) -> Callable[..., Any]:
        def ask(client: BuoyClient, *args: object, **kwargs: object) -> Any:
            return getattr(client, f"{verb}_{kind}_{rest}")(*args, **kwargs)

        return ask

    return Calls(named("get", "metadata"), named("set", "metadata_item"), named("delete", "metadata_item"))


interface_app = unique_app("an interface", INTERFACE, calls_of("interface"))
namespace_app = unique_app("a namespace", NAMESPACE, calls_of("namespace"))
instance_app = named_app("an instance", INSTANCE, calls_of("instance"))
network_app = named_app("a network", NETWORK, calls_of("network"))
