"""NICs to adopt that nobody has made yet: many, and looked for without looking at each."""

import pytest
from buoy_agent.core.drift import Places
from buoy_agent.core.missing import Missing
from buoy_agent.core.spec import Binding, Driver, InterfaceId, Removal, Update, tap_mac
from buoy_agent.errors import KernelError
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync.reconciler import Outcome, Reconciler, StreamBegun

from tests.unit.agent.bindings import binding, network

NET = network("missing", "net")
NICS = tuple(binding("missing", NET, host)._replace(driver=Driver.ADOPT) for host in range(5, 25))
LINKS = Places(node_links=True)


class CountingKernel(FakeKernel):
    """Counts how often the host's links are read; can fail to."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self.fails = False

    def read_names(self) -> set[str]:
        """As the fake, unless it is to fail."""
        self.readings += 1
        if self.fails:
            raise KernelError("no")
        return super().read_names()


@pytest.fixture
def kernel() -> CountingKernel:
    return CountingKernel()


@pytest.fixture
def reconciler(kernel: CountingKernel) -> Reconciler:
    """An agent that is in sync, with every NIC missing."""
    agent = Reconciler(kernel)
    agent.start()
    agent.work([StreamBegun(), Update(1, reset=True, upserts=NICS, synced=True)], 0.0)
    return agent


def _told(outcome: Outcome) -> dict[InterfaceId, str]:
    return {report.interface: report.nic_error for report in outcome.reports}


def test_each_missing_nic_is_named_in_words(reconciler: Reconciler) -> None:
    words = [reconciler.known_of(nic)[1] for nic in NICS]
    assert words == [f"no NIC with MAC {nic.macaddr} on this node" for nic in NICS]


def test_looking_again_for_what_is_still_missing_reads_once_and_reports_nothing(
    reconciler: Reconciler, kernel: CountingKernel
) -> None:
    kernel.readings = 0
    assert reconciler.work([LINKS], 1.0).reports == []
    assert kernel.readings == 1
    later = reconciler.work([], 1.5).next_due
    assert kernel.readings == 1
    assert later is not None
    assert later > 20
    assert reconciler.work([], later).reports == []
    assert kernel.readings == 2


def test_a_nic_that_has_come_is_adopted_and_it_alone_is_reported(reconciler: Reconciler, kernel: CountingKernel) -> None:
    kernel.adoptable.add(NICS[3].macaddr)
    assert _told(reconciler.work([LINKS], 1.0)) == {NICS[3].interface: ""}
    assert reconciler.known_of(NICS[3])[1] == ""
    assert len(reconciler.faults.missing.interfaces) == len(NICS) - 1


def test_a_nic_whose_link_was_not_heard_of_is_found_in_the_end(reconciler: Reconciler, kernel: CountingKernel) -> None:
    kernel.adoptable.add(NICS[3].macaddr)
    due = reconciler.work([], 1.0).next_due
    assert due is not None
    assert _told(reconciler.work([], due)) == {NICS[3].interface: ""}


def test_links_that_cannot_be_read_are_read_later(reconciler: Reconciler, kernel: CountingKernel) -> None:
    kernel.adoptable.add(NICS[3].macaddr)
    kernel.fails = True
    due = reconciler.work([LINKS], 1.0).next_due
    kernel.fails = False
    assert due is not None
    assert _told(reconciler.work([], due)) == {NICS[3].interface: ""}


def test_a_nic_that_another_one_shares_its_name_with_is_still_looked_for(
    reconciler: Reconciler, kernel: CountingKernel
) -> None:
    moved: Binding = NICS[3]._replace(address=NICS[4].address, generation=2)
    reconciler.work([Update(2, upserts=(moved,), removals=(Removal(NICS[4].interface, 2),))], 1.0)
    kernel.adoptable.add(moved.macaddr)
    assert _told(reconciler.work([LINKS], 2.0)) == {moved.interface: ""}


def test_nobody_looks_where_none_is_missing_any_more(reconciler: Reconciler, kernel: CountingKernel) -> None:
    removals = tuple(Removal(nic.interface, 2) for nic in NICS)
    assert reconciler.work([Update(2, removals=removals)], 1.0).next_due is None
    kernel.readings = 0
    reconciler.work([LINKS], 2.0)
    assert kernel.readings == 0


def test_when_the_hosts_links_cannot_be_read_the_nics_are_tried_again() -> None:
    kernel = FakeKernel(refuse={"read_missing": "no answer", "read_names": "no answer"})
    agent = Reconciler(kernel)
    agent.start()
    outcome = agent.work([StreamBegun(), Update(1, reset=True, upserts=NICS, synced=True)], 0.0)
    assert set(_told(outcome).values()) == {"no answer"}
    kernel.refuse.clear()
    kernel.adoptable = {nic.macaddr for nic in NICS}
    assert outcome.next_due is not None
    assert set(_told(agent.work([], outcome.next_due)).values()) == {""}


def test_two_nics_whose_links_would_bear_one_name_are_both_found_by_it() -> None:
    missing, macs = Missing(), ("02:00:00:00:00:01", "06:00:00:00:00:01", "02:00:00:00:00:02")
    nics = [one._replace(macaddr=mac) for one, mac in zip(NICS, macs, strict=False)]
    bindings = {nic.interface: nic for nic in nics}
    missing.add(bindings.keys(), 0.0)
    assert missing.find({tap_mac(macs[0])}, bindings, 1.0) == {nic.interface for nic in nics[:2]}
    assert missing.interfaces == {nics[2].interface}
