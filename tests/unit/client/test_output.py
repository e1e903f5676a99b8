"""What people and programs see, as golden text."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from buoy_client import (
    FieldViolation,
    FloatingPhase,
    InternalError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    WaitTimeout,
)
from buoy_client.cli import views
from buoy_client.cli.admin import check_text
from buoy_client.cli.failures import error_line, exit_code
from buoy_client.cli.formats import name_of, to_json, to_json_line, to_yaml
from buoy_client.cli.instance import spec
from buoy_client.cli.metadata import value_from_text
from buoy_client.cli.tables import field_lines, fit, table_lines
from buoy_client.cli.watch import event_line
from buoy_client.cli.words import ago, clean, duration_text, exact_span, floating_text, moment, span, usage_bar
from buoy_client.models import Cause, Change, Event, InterfaceEvent, InterfaceSpec, PoolUsage
from buoy_client.server_models import LedgerCheck
from buoy_client.states import EventKind, EventType
from rich.console import Console
from typer import BadParameter

from tests.unit.client.objects import TIME, UUID, floating, interface, network, pool


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is three minutes after everything happened."""
    monkeypatch.setattr(views, "now", lambda: TIME + timedelta(minutes=3))


def test_interface_table_in_80_columns() -> None:
    lines = table_lines(views.INTERFACES, [interface(floating()), interface()], 80)
    assert [line.plain for line in lines] == [
        "UUID                                  STATE    ADDRESS   FLOATING       NODE",
        f"{UUID}  created  10.0.0.6  192.168.20.17  n1",
        f"{UUID}  created  10.0.0.6  -              n1",
    ]


def test_interface_table_when_piped_has_every_column() -> None:
    header, row = (line.plain for line in table_lines(views.INTERFACES, [interface(floating(FloatingPhase.PENDING))], None))
    assert header.split() == [
        "UUID",
        "STATE",
        "ADDRESS",
        "FLOATING",
        "NODE",
        "CHANGED",
        "MAC",
        "INSTANCE",
        "NETWORK",
        "NAMESPACE",
    ]
    assert "192.168.20.17 (pending)" in row
    assert row.isascii()


def test_a_uuid_is_never_cut_however_narrow_the_terminal() -> None:
    assert [line.plain for line in table_lines(views.INTERFACES, [interface()], 10)] == ["UUID", UUID]


def test_the_least_important_columns_go_first() -> None:
    assert fit([10, 10, 10], [0, 2, 1], 22) == [0, 2]
    assert fit([10, 10, 10], [0, 2, 1], None) == [0, 1, 2]


def test_pool_table() -> None:
    assert [line.plain for line in table_lines(views.pools(ascii_only=True), [pool()], 80)] == [
        "NAME    RANGES           IN USE            FREE  RESTING  STATE",
        "public  192.168.20.0/24  #=........ 2/253  250   1        ok",
    ]


def test_a_pool_that_is_not_well_says_so() -> None:
    ill = replace(pool(), drain=True, warning="fewer than 26 of its 253 addresses are free")
    assert [line.plain for line in table_lines(views.pools(ascii_only=True), [ill], 80)][1].endswith("drains, low")
    page = dict(views.pool_fields(ill, ascii_only=True))
    assert page["state"].plain == "drains, low: fewer than 26 of its 253 addresses are free"


def test_a_tenant_sees_a_pool_in_short() -> None:
    short = replace(pool(), usage=PoolUsage(0, 0, 0, 0, 0))
    assert table_lines(views.pools(ascii_only=True), [short], 80)[1].plain.split() == [
        *("public", "192.168.20.0/24", "-", "-", "-", "ok"),
    ]
    assert [name for name, _ in views.pool_fields(short, ascii_only=True)][-1] == "an address rests"


def test_network_table() -> None:
    assert [line.plain for line in table_lines(views.NETWORKS, [network()], 80)] == [
        "NAME  UUID                                  NETBLOCK     NAT  STATE    NAMESPACE",
        "blue  6aaaf243-0406-41a1-aa13-5d79a0b8672d  10.0.0.0/24  yes  created  system",
    ]


def test_interface_page() -> None:
    assert "\n".join(line.plain for line in field_lines(views.interface_fields(interface(floating())))) == (
        f"uuid       {UUID}\n"
        "state      created\n"
        "address    10.0.0.6\n"
        "floating   192.168.20.17 active after 4 ms\n"
        "mac        02:00:00:73:18:66\n"
        "model      virtio\n"
        "order      0\n"
        "instance   d512e9f5-98d6-4c36-8520-33b6fc6de15f\n"
        "network    6aaaf243-0406-41a1-aa13-5d79a0b8672d\n"
        "node       n1\n"
        "namespace  system\n"
        'metadata   tags=["a", 1]\n'
        "changed    3 min ago (revision 42)"
    )


def test_the_bar_shows_use_rest_and_what_is_left() -> None:
    assert usage_bar(pool(0, 253, 0).usage).plain == "░░░░░░░░░░ 0/253"
    assert usage_bar(pool(126, 27, 100).usage).plain == "█████▒▒▒▒░ 126/253"
    assert usage_bar(pool(253, 0, 0).usage).plain == "██████████ 253/253"


def test_times_and_lengths_in_words() -> None:
    assert [span(seconds) for seconds in (0.004, 1, 59, 60, 7200, 200_000)] == ["4 ms", "1 s", "59 s", "1 min", "2 h", "2 d"]
    assert [exact_span(seconds) for seconds in (0.004, 1.25, 75)] == ["4 ms", "1.2 s", "1 min"]
    assert [ago(TIME, TIME + timedelta(seconds=s)).plain for s in (0, 5, -300)] == ["just now", "5 s ago", "in 5 min"]
    assert [duration_text(timedelta(seconds=s)).plain for s in (0, 45, 300, 90, 0.5)] == [
        "0 s",
        "45 s",
        "5 min",
        "90 s",
        "0.5 s",
    ]


def test_control_characters_of_the_server_never_reach_the_terminal() -> None:
    assert clean("a\x1b[31mb\nc\u202ed\x00\x9b") == "a[31mbcd"
    lines = table_lines(views.INTERFACES, [interface()], None)
    assert "\x1b" not in "".join(line.plain for line in lines)


def test_phases_have_their_colours() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(floating_text(floating(FloatingPhase.FAILED)))
    assert "\x1b[31m192.168.20.17 (failed)" in console.file.getvalue()  # type: ignore[attr-defined]


def test_json_and_yaml_hold_the_same() -> None:
    items = [interface(floating()), interface()]
    assert json.loads(to_json(items)) == yaml.safe_load(to_yaml(items)) == [item.to_dict() for item in items]
    assert json.loads(to_json_line(items[0])) == items[0].to_dict()
    assert "\n" not in to_json_line(items[0])
    assert to_json([]) == "[]"


def test_names() -> None:
    assert (name_of(interface()), name_of(network()), name_of(pool())) == (UUID, network().uuid, "public")


def test_network_options_of_an_instance() -> None:
    assert spec("blue") == InterfaceSpec("blue")
    assert spec("blue,address=10.0.0.9,mac=02:00:00:00:00:01,model=e1000,float") == InterfaceSpec(
        "blue", "10.0.0.9", "02:00:00:00:00:01", "e1000", float=True
    )
    for text in ("", ",float", "blue,adress=1", "blue,address=", "blue,floats"):
        with pytest.raises(BadParameter):
            spec(text)


def test_metadata_values_are_json_if_they_parse() -> None:
    assert [value_from_text(text) for text in ("1", '"x"', "x y", "[1,2]", "null", "{")] == [1, "x", "x y", [1, 2], None, "{"]


def test_error_lines_say_what_to_do() -> None:
    assert error_line(NotFound("interface not found", reason="INTERFACE_NOT_FOUND")) == (
        "Error: interface not found. See `buoy interface list`."
    )
    violation = FieldViolation("netblock", "not a block")
    assert error_line(InvalidArgument("malformed request", reason="MALFORMED", field_violations=(violation,))) == (
        "Error: malformed request; netblock: not a block."
    )
    same = FieldViolation("address", "it floats already")
    assert error_line(InvalidArgument("it floats already", field_violations=(same,))) == "Error: it floats already."
    assert error_line(InternalError("a\x1b[0m\nb")) == "Error: a[0m b."


def test_exit_codes() -> None:
    errors = [
        InvalidArgument("x"),
        NotFound("x"),
        Unavailable("x", reason="UNREACHABLE"),
        Unavailable("x", reason="STORAGE_UNAVAILABLE"),
        WaitTimeout("x"),
        Unauthenticated("x"),
        PermissionDenied("x"),
    ]
    assert [exit_code(error) for error in errors] == [1, 3, 4, 1, 5, 6, 6]


def test_a_check_says_of_how_many_floats_the_kernels_were_looked_at() -> None:
    checked = LedgerCheck(7, 20, (), 0, floats_looked_at=500, floats=12000)
    first, last = check_text(checked, kernels=True).plain.splitlines()
    assert first.startswith(
        "kernels: 500 of 12000 floats looked at; a check asks about 500 at most, chosen by chance: check again"
    )
    assert last == "20 objects checked as of revision 7: all is well"
    assert check_text(checked, kernels=False).plain == last
    absent = check_text(replace(checked, floats_looked_at=3), kernels=True).plain
    assert absent.startswith("kernels: 3 of 12000 floats looked at; the others are not active, or their nodes did not answer")
    assert check_text(replace(checked, floats=500), kernels=True).plain.startswith("kernels: 500 of 500 floats looked at\n")


def test_events_on_a_terminal_say_how_long_ago_and_in_a_pipe_when_in_utc_and_in_short() -> None:
    change = Change("floating.phase", "pending", "active")
    event = Event(7, TIME, EventKind.STATUS, "ReportNode", "node/n1", "floating at 192.0.2.7", "", (change,))
    terminal = table_lines(views.events(on_terminal=True), [event], 140)
    assert [line.plain for line in terminal] == [
        "WHEN       TYPE    CALL                   CHANGED                           REQUEST  WHAT",
        "3 min ago  status  ReportNode by node/n1  floating.phase pending -> active  -        floating at 192.0.2.7",
    ]
    narrow = table_lines(views.events(on_terminal=True), [event], 40)
    assert narrow[1].plain == "3 min ago  floating at 192.0.2.7"
    long = replace(event, message="network blue changed by others: the nftables table is gone; put right")
    assert [line.plain for line in table_lines(views.events(on_terminal=True), [long], 80)] == [
        "WHEN       CALL                   WHAT",
        "3 min ago  ReportNode by node/n1  network blue changed by others: the nftables",
        "                                  table is gone; put right",
    ]
    pipe = table_lines(views.events(on_terminal=False), [event], None)
    assert [line.plain for line in pipe] == [
        "WHEN                  TYPE    CALL                   WHAT",
        "2026-11-23T12:00:00Z  status  ReportNode by node/n1  floating at 192.0.2.7",
    ]


def test_a_watch_says_when_in_utc_with_the_date_where_it_is_kept() -> None:
    cause = Cause("FloatInterface", "red")
    event = InterfaceEvent(EventType.UPDATED, interface(floating(FloatingPhase.PENDING)), cause, 7, TIME)
    shown = f"~  {UUID}  created  192.168.20.17 (pending)      FloatInterface by red"
    assert event_line(event).plain == f"12:00:00Z  {shown}"
    assert event_line(event, moment).plain == f"2026-11-23T12:00:00Z  {shown}"
