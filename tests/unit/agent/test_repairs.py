"""What the server is told of repairs: whom they concern, and a storm of them as a few reports."""

from buoy_agent.core.drift import Places
from buoy_agent.core.repairs import MOST_INTERFACES, MOST_LINES, MOST_PLACES, PAUSE, RepairReport, RepairReports
from buoy_agent.core.spec import InterfaceId, Update, packed
from buoy_agent.kernel.fake import FakeKernel

from tests.unit.agent.bindings import binding, network
from tests.unit.agent.test_sequences import RED, play, snapshot


def _report(place: str, line: str = "gone", interface: str = "a") -> RepairReport:
    return RepairReport(place, (line,), 1, 100.0, (InterfaceId(interface),))


def test_the_first_is_told_at_once_and_what_follows_within_ten_seconds_as_one() -> None:
    reports = RepairReports()
    reports.add(_report("network a"))
    first = reports.due(0.0)
    assert [(report.place, report.count) for report in first] == [("network a", 1)]
    reports.told(first, 0.0)
    for number in range(500):
        reports.add(_report("network a", f"line {number}", f"interface {number}"))
    assert reports.due(PAUSE - 0.1) == []
    (storm,) = reports.due(PAUSE)
    assert (storm.count, len(storm.found), len(storm.interfaces)) == (500, MOST_LINES, MOST_INTERFACES)
    reports.told([storm], PAUSE)
    assert reports.due(1000.0) == []


def test_what_comes_while_a_report_is_on_its_way_is_not_lost() -> None:
    reports = RepairReports()
    reports.add(_report("node"))
    sent = reports.due(0.0)
    reports.add(_report("node"))
    reports.told(sent, 0.0)
    assert [report.count for report in reports.due(PAUSE)] == [2]


def test_routes_are_one_place_and_no_report_has_more_than_twenty() -> None:
    reports = RepairReports()
    for number in range(300):
        reports.add(_report(f"route 192.0.2.{number}"))
    (routes,) = reports.due(0.0)
    assert (routes.place, routes.count, routes.found[0]) == ("routes", 300, "192.0.2.0: gone")
    for number in range(100):
        reports.add(_report(f"network {number}"))
    places = set()
    for step in range(10):
        now = step * PAUSE
        due = reports.due(now)
        assert len(due) <= MOST_PLACES
        reports.told(due, now)
        places |= {report.place for report in due}
    assert len(places) == 101


def test_a_repair_names_the_interfaces_whose_addresses_were_changed() -> None:
    kernel, one, two = FakeKernel(), binding("s", RED, 5, floating="192.0.2.50"), binding("s", RED, 6)
    reconciler = play(kernel, [snapshot((one, two))])
    del kernel._has.routes[packed("192.0.2.50")]
    outcome = reconciler.work([Places(routes={packed("192.0.2.50")})], 1.0)
    assert [(report.place, report.found, report.interfaces) for report in outcome.repairs] == [
        ("route 192.0.2.50", ("gone",), (one.interface,))
    ]
    assert kernel.read().routes[packed("192.0.2.50")] == RED.id
    assert reconciler.work([], 2.0).repairs == []


def test_a_repair_that_fails_says_why() -> None:
    kernel, one = FakeKernel(), binding("s", RED, 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])
    del kernel._has.routes[packed("192.0.2.50")]
    kernel.refuse["publish"] = "no room"
    outcome = reconciler.work([Places(routes={packed("192.0.2.50")})], 1.0)
    assert [report.error for report in outcome.repairs] == ["no room"]


def test_an_announcement_that_is_asked_for_is_one_of_what_is_there() -> None:
    kernel = FakeKernel()
    net = network("s", "a")
    one, two = binding("s", net, 5, floating="192.0.2.50"), binding("s", net, 6, floating="192.0.2.51")
    reconciler = play(kernel, [snapshot((one, two))])
    kernel.writes = 0
    asked = binding("s", net, 5, floating="192.0.2.50", generation=2)
    assert reconciler.work([Update(2, upserts=(asked,))], 0.0).published == set()
    outcome = reconciler.work([Update(3, upserts=(asked._replace(announce=True),))], 0.0)
    assert outcome.published == {packed("192.0.2.50")}
    assert [report.generation for report in outcome.reports] == [2]
    assert reconciler.work([Update(4, reannounce=True)], 0.0).published == {packed("192.0.2.50"), packed("192.0.2.51")}
    assert reconciler.work([], 0.0).published == set()
    assert (kernel.writes, kernel.cuts) == (0, [])
