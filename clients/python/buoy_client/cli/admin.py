"""`buoy admin`: the server itself."""

from typing import Annotated

import typer
from rich.text import Text

from buoy_client.cli import views
from buoy_client.cli.formats import OutputFormat
from buoy_client.cli.options import Output
from buoy_client.cli.session import open_session
from buoy_client.cli.words import ago, clean, plain_text
from buoy_client.server_models import LedgerCheck, ServerInfo

app = typer.Typer(help="The server itself; for its operators.", no_args_is_help=True)
MOST_FLOATS = 500  # that a server asks nodes about in one check


def server_fields(it: ServerInfo) -> views.Fields:
    """Give the page of a server."""
    problem = Text(clean(it.storage_problem), style="red") if it.storage_problem else Text("takes writes", style="green")
    return [
        ("version", plain_text(it.version)),
        ("cluster", plain_text(it.cluster_id)),
        ("revision", Text.assemble(str(it.revision), (f" (history from {it.compact_revision} on)", "dim"))),
        ("started", ago(it.start_time, views.now())),
        ("interfaces", plain_text(it.interfaces)),
        ("watches", plain_text(it.watches)),
        ("agents", plain_text(it.agents)),
        ("database", problem),
    ]


@app.command("server")
def show_server(ctx: typer.Context, output: Output = None) -> None:
    """Show what the server is and how far it has come."""
    session = open_session(ctx, output)
    session.emit(session.client.get_server(), server_fields, "server")


@app.command()
def compact(
    ctx: typer.Context,
    revision: Annotated[
        int, typer.Option("--revision", min=0, metavar="N", help="The oldest to keep; 0, the default: what retention says.")
    ] = 0,
    output: Output = None,
) -> None:
    """Drop the ledger's history before a revision; what objects are now stays."""
    session = open_session(ctx, output)
    left = session.client.compact_ledger(revision)
    session.emit_done(left, f"Watches can start from revision {left.compact_revision} on.")


@app.command()
def fsck(
    ctx: typer.Context,
    kernels: Annotated[
        bool,
        typer.Option("--kernels", help="Ask nodes what their kernels have of active floats, of 500 at most, chosen by chance."),
    ] = False,
    output: Output = None,
) -> None:
    """Check all objects and what nodes have confirmed; the exit code is 1 where something does not hold."""
    session = open_session(ctx, output)
    checked = session.client.check_ledger(kernels=kernels)
    if session.output is OutputFormat.TABLE:
        session.say(check_text(checked, kernels=kernels))
    else:
        session.emit_plain(checked)
    if checked.violations:
        raise typer.Exit(1)


def kernels_text(it: LedgerCheck) -> Text:
    """Give what was looked at in kernels, and what to do about the rest."""
    if it.floats_looked_at >= it.floats:
        return Text(f"kernels: {it.floats} of {it.floats} floats looked at")
    why = "a check asks about 500 at most, chosen by chance: check again for others"
    if it.floats_looked_at < MOST_FLOATS:
        why = "the others are not active, or their nodes did not answer: `buoy node list`"
    return Text.assemble(f"kernels: {it.floats_looked_at} of {it.floats} floats looked at", (f"; {why}", "dim"))


def check_text(it: LedgerCheck, *, kernels: bool) -> Text:
    """Give each violation with what to do, and a last line that sums it up."""
    lines = [
        Text.assemble((each.check, "red"), f"  {clean(each.about)}: {clean(each.found)}\n    ", (clean(each.advice), "dim"))
        for each in it.violations
    ]
    lines += [kernels_text(it)] if kernels else []
    count = len(it.violations) + it.more
    things = "1 thing does" if count == 1 else f"{count} things do"
    said = Text(f"{things} not hold", style="red") if count else Text("all is well", style="green")
    return Text("\n").join([*lines, Text.assemble(f"{it.objects} objects checked as of revision {it.revision}: ", said)])
