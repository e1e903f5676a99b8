"""What people see of addresses: who has them, and who had."""

from datetime import UTC, datetime

from rich.text import Text

from buoy_client.cli.tables import Column
from buoy_client.cli.views import Fields, now
from buoy_client.cli.words import NOTHING, ago, plain_text
from buoy_client.models import AddressPeriod, Cause, Reservation

RESERVED: list[Column[Reservation]] = [
    Column("ADDRESS", lambda it: plain_text(it.address)),
    Column("IN USE BY", lambda it: Text("nobody", style="dim") if it.type == "reserved" else plain_text(it.owner)),
    Column("COMMENT", lambda it: plain_text(it.comment), 1),
    Column("SINCE", lambda it: ago(it.since, now()), 2),
    Column("NAMESPACE", lambda it: plain_text(it.namespace), 3),
]
HISTORY: list[Column[AddressPeriod]] = [
    Column("FROM (UTC)", lambda it: moment_text(it.since)),
    Column("UNTIL (UTC)", lambda it: Text("now", style="green") if it.until is None else moment_text(it.until)),
    Column("HELD BY", lambda it: plain_text(holder_words(it))),
    Column("AS", lambda it: plain_text(it.type), 1),
    Column("NODE", lambda it: plain_text(it.node), 1),
    Column("ASKED BY", lambda it: plain_text(cause_words(it.asked)), 2),
    Column("ENDED BY", lambda it: plain_text(cause_words(it.ended)), 3),
    Column("REQUEST", lambda it: plain_text(it.asked.request_id), 4),
    Column("INTERFACE", lambda it: plain_text(it.interface_uuid), 5),
    Column("INSTANCE", lambda it: plain_text(it.instance_uuid), 6),
    Column("NETWORK", lambda it: plain_text(it.network_uuid), 7),
]


def moment_text(time: datetime | None) -> Text:
    """Give a moment to the second, in UTC: what two people who compare logs mean by it."""
    return Text(NOTHING) if time is None else Text(f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


def holder_words(period: AddressPeriod) -> str:
    """Give who had an address, by the names that people know."""
    if period.instance_name:
        return f"{period.namespace}/{period.instance_name}"
    if period.network_name:
        return f"{period.namespace}/{period.network_name} (network)"
    return f"{period.namespace} (namespace)"


def cause_words(cause: Cause | None) -> str:
    """Give a call and who made it."""
    return f"{cause.method} by {cause.actor}" if cause and cause.method else ""


def address_fields(it: Reservation) -> Fields:
    """Give the page of an address."""
    fields = [
        ("address", plain_text(it.address)),
        ("held as", plain_text(it.type)),
        ("owner", plain_text(it.owner)),
        ("namespace", plain_text(it.namespace)),
        ("reserved", Text("yes: its namespace has it until it is released") if it.kept else Text("no")),
        ("comment", plain_text(it.comment)),
        ("since", Text.assemble(moment_text(it.since), " UTC, ", ago(it.since, now()))),
    ]
    if it.promised_to:
        fields.append(("moves to", plain_text(it.promised_to)))
    if it.until:
        fields.append(("rests until", Text.assemble(moment_text(it.until), " UTC, ", ago(it.until, now()))))
    return fields
