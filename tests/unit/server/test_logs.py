"""Logs show where something failed, never the values that were at hand: they may be secrets."""

import json
from collections.abc import Iterator

import pytest
import structlog
from buoy_server import logs
from buoy_server.auth.authenticator import Credentials
from buoy_server.core.lookup import Caller
from buoy_server.core.model import NamespaceKey

SECRET = "hunter2hunter2"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def _fail(secret: str) -> None:
    raise RuntimeError("no room")


@pytest.mark.parametrize("terminal", [False, True])
def test_a_traceback_has_no_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    logs.configure("info")
    key = SECRET
    try:
        _fail(key)
    except RuntimeError:
        structlog.get_logger().exception("call failed")
    shown = capsys.readouterr().err
    assert SECRET not in shown
    assert "no room" in shown
    assert "_fail" in shown
    if not terminal:
        assert json.loads(shown)["event"] == "call failed"


def test_what_carries_a_secret_does_not_show_it() -> None:
    carriers = (
        Credentials(authorization=f"Bearer {SECRET}"),
        NamespaceKey(name="k", hash=SECRET, nonce=SECRET),
        Caller("a", key_nonce=SECRET),
    )
    assert SECRET not in repr(carriers)
