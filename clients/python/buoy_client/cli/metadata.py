"""`buoy interface metadata`: the owner's own keys and values."""

import json
from typing import Annotated

import typer
from rich.text import Text

from buoy_client.cli.formats import OutputFormat, to_json, to_yaml
from buoy_client.cli.options import InterfaceUuid, Output
from buoy_client.cli.session import open_session
from buoy_client.cli.tables import Column, table_lines
from buoy_client.cli.views import value_text
from buoy_client.cli.words import clean
from buoy_client.record import Json

app = typer.Typer(help="Keys and values of an interface, never interpreted.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="KEY", help="1 to 253 characters.")]
COLUMNS: list[Column[tuple[str, Json]]] = [
    Column("KEY", lambda item: Text(clean(item[0]))),
    Column("VALUE", lambda item: Text(value_text(item[1]))),
]


def value_from_text(text: str) -> Json:
    """Read JSON where it parses, else take the text as it is."""
    try:
        value: Json = json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return text
    return value


@app.command()
def show(ctx: typer.Context, interface: InterfaceUuid, output: Output = None) -> None:
    """Show all keys and values."""
    session = open_session(ctx, output)
    found = session.client.get_interface_metadata(interface)
    if session.output is OutputFormat.JSON or session.output is OutputFormat.YAML:
        session.say(to_json(found) if session.output is OutputFormat.JSON else to_yaml(found))
        return
    lines = table_lines(COLUMNS, list(found.items()), None) if found else []
    for line in lines if session.output is OutputFormat.TABLE else [Text(key) for key in found]:
        session.say(line)


@app.command("set")
def set_item(
    ctx: typer.Context,
    interface: InterfaceUuid,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="JSON if it parses, else a string.")],
    output: Output = None,
) -> None:
    """Set one key, new or not."""
    session = open_session(ctx, output)
    changed = session.client.set_interface_metadata_item(interface, key, value_from_text(value))
    session.emit_done(changed, f"{clean(key)} is set.")


@app.command()
def delete(ctx: typer.Context, interface: InterfaceUuid, key: Key, output: Output = None) -> None:
    """Delete one key; an absent one is no error."""
    session = open_session(ctx, output)
    changed = session.client.delete_interface_metadata_item(interface, key)
    session.emit_done(changed, f"{clean(key)} is deleted.")
