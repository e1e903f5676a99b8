"""When a wait is over."""

import pytest
from buoy_client import FloatingPhase, InterfaceState, WaitFailed
from buoy_client.waiting import is_active, is_defloated, is_interface_created

from tests.unit.client.objects import floating, interface


def test_only_active_ends_a_float() -> None:
    assert is_active(interface(floating()))
    assert not is_active(interface(floating(FloatingPhase.PENDING)))
    assert not is_active(interface(floating(FloatingPhase.RELEASING)))


def test_a_float_that_failed_or_vanished_says_why() -> None:
    with pytest.raises(WaitFailed, match="no route"):
        is_active(interface(floating(FloatingPhase.FAILED, "no route")))
    with pytest.raises(WaitFailed, match="taken away"):
        is_active(interface())
    with pytest.raises(WaitFailed, match="became error: burnt"):
        is_active(interface(floating(), InterfaceState.ERROR, "burnt"))


def test_a_defloat_ends_when_nothing_floats() -> None:
    assert is_defloated(interface())
    assert not is_defloated(interface(floating(FloatingPhase.RELEASING)))


def test_an_interface_that_went_wrong_is_never_created() -> None:
    assert not is_interface_created(interface(state=InterfaceState.INITIAL))
    with pytest.raises(WaitFailed):
        is_interface_created(interface(state=InterfaceState.DELETED))
