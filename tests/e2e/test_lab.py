"""What `make lab` promises: ready when it says so, alone, and nothing left behind."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
from buoy_client import BuoyClient, InterfaceSpec

from tests.support import netns, web
from tests.support.waiting import PATIENCE, wait_for

CHECKOUT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.lab"]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])}
REFUSED = 3


@contextmanager
def lab(directory: Path) -> Iterator["subprocess.Popen[str]"]:
    """A lab of another directory than the checkout, so that one that runs there is left alone; from when it is ready."""
    process = netns.popen(None, COMMAND, cwd=directory, env=ENV, stdout=subprocess.PIPE, text=True)
    try:
        wait_for("the lab", lambda: (directory / ".lab/env").exists() or process.poll() is not None)
        yield process
    finally:
        netns.stop(process)
        assert process.stdout is not None
        process.stdout.close()


def _world_of(lab: int) -> int:
    """The process of a lab that keeps its namespaces and agents."""
    children = Path(f"/proc/{lab}/task/{lab}/children").read_text(encoding="ascii").split()
    return next(int(child) for child in children if b"tests.lab.inside" in Path(f"/proc/{child}/cmdline").read_bytes())


def variables(directory: Path) -> dict[str, str]:
    """What .lab/env says."""
    lines = (directory / ".lab/env").read_text().splitlines()
    return {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}


def told_by_http(told: dict[str, str], path: str, token: str = "") -> Any:
    """What the HTTP port answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(told["BUOY_HTTP"] + path, headers=headers, timeout=PATIENCE).raise_for_status().json()


def token_of(told: dict[str, str]) -> str:
    """A token of the lab's own namespace."""
    login = {"namespace": told["LAB_NAMESPACE"], "key": told["LAB_KEY"]}
    return str(httpx.post(told["BUOY_HTTP"] + "/auth", json=login, timeout=PATIENCE).raise_for_status().json()["access_token"])


def test_a_lab_is_usable_when_it_says_so_refuses_a_second_one_and_leaves_nothing(tmp_path: Path) -> None:
    with lab(tmp_path) as process:
        told = variables(tmp_path)
        client = BuoyClient(told["BUOY_SERVER"])
        assert (len(client.get_pools()), len(client.get_networks()), client.get_instances()) == (1, 1, [])
        instance = client.create_instance(
            "web", [InterfaceSpec("demo", float=True)], node=told["LAB_NODES"].split()[0], wait=True
        )
        nic = client.get_instance_interfaces(instance.uuid)[0]
        floating = client.float_interface(nic.uuid, wait=True).floating
        assert floating is not None
        with web.http_server(told["LAB_NODE1_PREFIX"] + instance.uuid, "web"):
            assert web.fetch(told["LAB_CLIENT_NETNS"], IPv4Address(str(floating.address))).served_by == "web"
        assert told_by_http(told, "/networks", token_of(told)) == []
        assert [network["name"] for network in told_by_http(told, "/networks")] == ["demo"]
        assert told_by_http(told, f"/interfaces/{nic.uuid}")["floating"] == str(floating.address)
        second = subprocess.run(COMMAND, cwd=tmp_path, env=ENV, capture_output=True, text=True, check=False)
        assert (second.returncode, "runs already" in second.stderr) == (REFUSED, True)
        assert (tmp_path / ".lab/env").exists()
        assert netns.stop(process, how=signal.SIGINT) == 0
    assert not (tmp_path / ".lab/env").exists()
    assert netns.names(told["LAB_CLIENT_NETNS"].removesuffix("client")) == []


def test_a_lab_clears_away_what_a_killed_one_left(tmp_path: Path) -> None:
    with lab(tmp_path) as process:
        os.kill(_world_of(process.pid), signal.SIGSTOP)  # it dies with the lab, before it can clear away by itself
        process.kill()
        process.wait(PATIENCE)
    prefix = variables(tmp_path)["LAB_CLIENT_NETNS"].removesuffix("client")
    left = netns.names(prefix)
    assert left != []
    (tmp_path / ".lab/env").unlink()
    with lab(tmp_path):
        assert netns.names(prefix) == left  # made anew
    assert netns.names(prefix) == []
