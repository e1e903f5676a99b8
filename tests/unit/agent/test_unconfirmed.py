"""What an agent left undone that died in the middle of a float or defloat is finished by the next one."""

from buoy_agent.core.actual import Parts
from buoy_agent.core.spec import Removal, Update, packed
from buoy_agent.errors import KernelError
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync.reconciler import Reconciler, StreamBegun

from tests.unit.agent.bindings import binding, network

NET = network("u", "net")
FLOAT = packed("192.0.2.50")
KEPT = binding("u", NET, 5)
FLOATED = binding("u", NET, 6, floating="192.0.2.50", generation=2)
DEFLOATED = FLOATED._replace(floating=None, generation=3)


def agent_over(kernel: FakeKernel, *updates: Update) -> Reconciler:
    """An agent that starts over what the kernel has, and works the updates in."""
    reconciler = Reconciler(kernel)
    reconciler.start()
    for update in updates:
        reconciler.work([StreamBegun(), update] if update.reset else [update], 0.0)
    return reconciler


def whole(*bindings: object, removals: tuple[Removal, ...] = ()) -> Update:
    """A snapshot."""
    return Update(1, reset=True, upserts=bindings, removals=removals, synced=True)  # type: ignore[arg-type]


def test_a_defloat_whose_elements_are_gone_is_cut_at_the_next_start() -> None:
    kernel = FakeKernel()
    agent_over(kernel, whole(KEPT, DEFLOATED))
    assert kernel.cuts == []
    agent_over(kernel, whole(KEPT, DEFLOATED._replace(unconfirmed=(FLOAT,))))
    assert kernel.cuts == [FLOAT]


def test_a_float_whose_elements_are_there_is_cut_at_the_next_start() -> None:
    kernel = FakeKernel()
    agent_over(kernel, whole(FLOATED))
    agent_over(kernel, whole(FLOATED._replace(unconfirmed=(FLOAT,))))
    assert kernel.cuts == [FLOAT]


def test_a_removed_interface_is_cut_where_its_network_stays() -> None:
    kernel = FakeKernel()
    agent_over(kernel, whole(KEPT))
    gone = Removal(FLOATED.interface, 4, NET.id, (FLOAT,))
    agent_over(kernel, whole(KEPT, removals=(gone,)))
    assert kernel.cuts == [FLOAT]
    agent_over(kernel, whole(removals=(gone,)))  # with the network go its flows
    assert kernel.cuts == [FLOAT]


def test_what_the_pass_itself_changed_is_not_cut_again() -> None:
    kernel = FakeKernel()
    floated = FLOATED._replace(unconfirmed=(FLOAT,))
    agent_over(kernel, whole(KEPT, floated), Update(2, upserts=(DEFLOATED._replace(unconfirmed=(FLOAT,)),)))
    assert kernel.cuts == []


def test_a_cut_that_is_refused_is_reported_and_tried_again() -> None:
    kernel = FakeKernel()
    agent_over(kernel, whole(KEPT, DEFLOATED))
    kernel.refuse["cut"] = "flows keep coming back"
    reconciler = Reconciler(kernel)
    reconciler.start()
    outcome = reconciler.work([StreamBegun(), whole(KEPT, DEFLOATED._replace(unconfirmed=(FLOAT,)))], 0.0)
    words = {report.interface: report.floating_error for report in outcome.reports}
    assert words[KEPT.interface] == ""
    assert "192.0.2.50 are not cut: flows keep coming back" in words[DEFLOATED.interface]
    kernel.refuse.clear()
    assert outcome.next_due is not None
    outcome = reconciler.work([], outcome.next_due)
    assert kernel.cuts == [FLOAT]
    assert [(report.interface, report.floating_error) for report in outcome.reports] == [(DEFLOATED.interface, "")]


def test_to_stop_answering_for_an_address_cuts_no_flow_and_is_not_taken_for_that() -> None:
    kernel = FakeKernel()
    agent_over(kernel, whole(FLOATED))
    reconciler = Reconciler(kernel, by_arp=False)
    reconciler.start()
    reconciler.work([StreamBegun(), whole(FLOATED._replace(unconfirmed=(FLOAT,)))], 0.0)
    assert kernel.cuts == [FLOAT]


class _HalfDone(FakeKernel):
    """Deletes the elements of the first withdrawal, and fails before it has cut the flows."""

    def lose_ways(self) -> None:
        """Nothing leads to the elements any more."""
        self._has.routes.clear()
        self._has.proxies.clear()

    def withdraw(self, parts: Parts) -> None:
        """As the fake, but for the first time."""
        flows = set(self.flows)
        super().withdraw(parts)
        if not self.cuts:
            self.flows = flows
            self.cuts.append(FLOAT)
            raise KernelError("conntrack did not answer")


def test_a_withdrawal_that_failed_after_the_elements_is_not_taken_for_done() -> None:
    kernel = _HalfDone()
    other = binding("u", NET, 7, floating="192.0.2.51", generation=2)
    agent_over(kernel, whole(KEPT, FLOATED, other))
    kernel.lose_ways()  # an agent died when these were gone, and the elements were not
    kernel.flows = {FLOAT, packed("192.0.2.51")}
    gone = (DEFLOATED._replace(unconfirmed=(FLOAT,)), other._replace(floating=None, unconfirmed=(packed("192.0.2.51"),)))
    agent_over(kernel, whole(KEPT, *gone))
    assert not kernel.flows
