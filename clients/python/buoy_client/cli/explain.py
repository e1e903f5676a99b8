"""`buoy interface explain`: a line a link, the first broken one, and what to do."""

from collections.abc import Iterator

import typer
from rich.text import Text

from buoy_client.cli.formats import OutputFormat
from buoy_client.cli.options import InterfaceUuid, Output
from buoy_client.cli.session import open_session
from buoy_client.cli.views import now
from buoy_client.cli.words import ago, clean
from buoy_client.explanation import Examination, ExplainedLink, Explanation, LinkState, Traffic

MARKS = {LinkState.OK: ("ok", "green"), LinkState.BROKEN: ("BROKEN", "bold red"), LinkState.UNKNOWN: ("unknown", "yellow")}
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def explain(ctx: typer.Context, interface: InterfaceUuid, output: Output = None) -> None:
    """Say what a packet meets on its way to an interface and back, and what is broken there."""
    session = open_session(ctx, output)
    found = session.client.explain_interface(interface)
    if session.output is OutputFormat.TABLE:
        for line in lines(found):
            session.say(line)
    else:
        session.emit_plain(found)


def lines(found: Explanation) -> Iterator[Text]:
    """Give an explanation as a page."""
    width = max((len(link.title) for link in found.links), default=0)
    for link in found.links:
        yield link_line(link, width, emphasised=link.link == found.broken)
    if found.examination is not None and found.examination.incoming is not None:
        yield Text()
        yield from traffic_lines(found.examination)
    yield Text()
    yield Text(clean(found.summary), style="bold red" if found.broken else "bold")
    if found.advice:
        yield Text.assemble(("to do: ", "dim"), clean(found.advice))


def link_line(link: ExplainedLink, width: int, *, emphasised: bool) -> Text:
    """Give one link: its mark, its name, what is wrong or what was seen."""
    mark, style = MARKS[link.state]
    said = link.wrong if link.state is LinkState.BROKEN else link.seen or "could not be looked at"
    words = Text(clean(said), style="bold red" if emphasised else "" if link.state is LinkState.BROKEN else "dim")
    return Text.assemble((mark.ljust(9), style), (link.title.ljust(width + 2), "bold" if emphasised else ""), words)


def traffic_lines(found: Examination) -> Iterator[Text]:
    """Give what was counted, and when it was read."""
    coming, leaving = traffic_words(found.incoming), traffic_words(found.outgoing)
    yield Text.assemble(("traffic  ", "dim"), f"{coming} in, {leaving} out, since the address is on the node")
    yield Text.assemble(
        ("flows    ", "dim"), f"{found.incoming_flows} begun from outside, {found.outgoing_flows} by the instance (conntrack)"
    )
    yield Text.assemble(("read     ", "dim"), ago(found.time, now()))


def traffic_words(traffic: Traffic | None) -> str:
    """Give packets and bytes."""
    if traffic is None:
        return "nothing"
    size, unit = next(((size, unit) for size, unit in UNITS if traffic.bytes >= size), (1, "bytes"))
    return f"{traffic.packets} packets ({traffic.bytes / size:.4g} {unit})"
