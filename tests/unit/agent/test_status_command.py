"""What `buoy-agent status` says while an agent is at something long."""

import socket
from pathlib import Path

import pytest
from buoy_agent.control import listener
from buoy_agent.control.commands import show_status


def test_who_waits_is_told_so_and_that_the_agent_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listener, "_SOON", 0.0)
    monkeypatch.setattr(listener, "_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        assert show_status(["--control-socket", str(tmp_path / "s")]) == 4
    told, refused = capsys.readouterr().err.splitlines()
    assert told == "buoy-agent: the agent is busy: its answer is waited for, at most 0.1 s"
    assert "(it is busy, and did not within 0.1 s)" in refused
