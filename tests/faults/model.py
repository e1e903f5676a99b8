"""What interfaces do, in few words: which calls change something, which are refused, and what is there afterwards."""

from dataclasses import dataclass, field

from buoy.v1 import interface_pb2 as i


class RefusedError(Exception):
    """The model says that the call is refused."""


@dataclass(slots=True)
class Modelled:
    """An interface as its owner knows it. Each call returns whether it changes something."""

    state: int = i.INTERFACE_STATE_INITIAL
    phase: int = i.FLOATING_PHASE_UNSPECIFIED
    metadata: dict[str, float] = field(default_factory=dict)
    confirmed: bool = False  # its node has all that was asked

    @property
    def live(self) -> bool:
        return self.state != i.INTERFACE_STATE_DELETED

    def ask_float(self) -> bool:
        self._refuse_deleted()
        return self._ask(i.FLOATING_PHASE_PENDING, i.FLOATING_PHASE_UNSPECIFIED, i.FLOATING_PHASE_RELEASING)

    def ask_defloat(self) -> bool:
        return self._ask(i.FLOATING_PHASE_RELEASING, i.FLOATING_PHASE_PENDING, i.FLOATING_PHASE_ACTIVE)

    def delete(self) -> bool:
        was_live = self.live
        if was_live:
            self.ask_defloat()
            self.state, self.confirmed = i.INTERFACE_STATE_DELETED, False
        return was_live

    def set_item(self, key: str, value: float) -> bool:
        self._refuse_deleted()
        changes = self.metadata.get(key) != value
        self.metadata[key] = value
        return changes

    def delete_item(self, key: str) -> bool:
        self._refuse_deleted()
        return self.metadata.pop(key, None) is not None

    def confirm(self) -> bool:
        if self.state == i.INTERFACE_STATE_INITIAL:
            self.state = i.INTERFACE_STATE_CREATED
        pending = self.phase in (i.FLOATING_PHASE_PENDING, i.FLOATING_PHASE_ACTIVE)
        self.phase = i.FLOATING_PHASE_ACTIVE if pending else i.FLOATING_PHASE_UNSPECIFIED
        changes, self.confirmed = not self.confirmed, True
        return changes

    def _ask(self, phase: int, *leads_there: int) -> bool:
        changes = self.phase in leads_there
        if changes:
            self.phase, self.confirmed = phase, False
        return changes

    def _refuse_deleted(self) -> None:
        if not self.live:
            raise RefusedError


def modelled(interface: i.Interface) -> Modelled:
    """Read an answer as the model has it."""
    metadata = {key: value.number_value for key, value in interface.metadata.items()}
    confirmed = interface.generation == interface.observed_generation
    return Modelled(interface.state, interface.floating.phase, metadata, confirmed)
