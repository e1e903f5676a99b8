"""`buoy namespace key`: the keys of a namespace. A secret is shown once, where it was made here, and never again."""

from typing import Annotated

import typer

from buoy_client.cli import namespace_views as views
from buoy_client.cli.formats import OutputFormat
from buoy_client.cli.options import NamespaceName, Output
from buoy_client.cli.secrets import secret_from
from buoy_client.cli.session import Session, open_session
from buoy_client.cli.words import clean
from buoy_client.models import NewKey

app = typer.Typer(help="The keys of a namespace: whoever has one is the namespace.", no_args_is_help=True)

KeyName = Annotated[str, typer.Argument(metavar="KEYNAME", help="Unique within the namespace.")]


def emit_key(session: Session, key: NewKey, words: str) -> None:
    """Answer with a key; for people only the secret goes to standard output, so that it can go into a file."""
    if session.output is not OutputFormat.TABLE:
        session.emit_plain(key)
    elif key.key:
        session.note(f"{words} Its secret, which is not shown again:")
        session.say(key.key)
    else:
        session.say(words)


@app.command("set")
def set_key(
    ctx: typer.Context,
    name: NamespaceName,
    key_name: KeyName,
    key: Annotated[
        str | None,
        typer.Option(metavar="-|SECRET", help='8 to 256 characters, "-" to be asked; one is made by default.'),
    ] = None,
    node: Annotated[
        str | None, typer.Option(metavar="N", help="Make it the key of this node's agent, good for nothing else.")
    ] = None,
    output: Output = None,
) -> None:
    """Add a key, or give it another secret: then the tokens of the old one end."""
    session = open_session(ctx, output)
    secret = secret_from(key, f"Secret of key {key_name}")
    made = session.client.add_namespace_key(name, key_name, secret, node=node)
    purpose = f", for the agent of node {node}" if node else ""
    emit_key(session, made, clean(f"Key {made.name} of namespace {name} is set{purpose}."))


@app.command("list")
def list_keys(ctx: typer.Context, name: NamespaceName, output: Output = None) -> None:
    """List the keys of a namespace, without their secrets."""
    session = open_session(ctx, output)
    session.emit_list(session.client.get_namespace(name).keys, views.KEYS, f"keys of namespace {clean(name)}")


@app.command()
def delete(ctx: typer.Context, name: NamespaceName, key_name: KeyName, output: Output = None) -> None:
    """Delete a key; its tokens end. An absent one is no error."""
    session = open_session(ctx, output)
    changed = session.client.delete_namespace_key(name, key_name)
    session.emit_done(changed, clean(f"Key {key_name} of namespace {name} is deleted."))
