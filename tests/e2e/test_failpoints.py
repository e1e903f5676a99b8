"""A server that ends at a chosen point of the write path: what was acknowledged is there, the rest wholly or not at all."""

from pathlib import Path

import pytest
from buoy_client import BuoyClient, BuoyError
from buoy_server import failpoints

from tests.lab import processes

DURABLE = {"before_commit": False, "after_commit": True, "before_notify": True, "before_reply": True}


@pytest.mark.parametrize(("point", "durable"), DURABLE.items())
def test_a_server_ends_at_its_failpoint_and_has_what_was_durable_by_then(tmp_path: Path, point: str, durable: bool) -> None:
    place = processes.free_place(tmp_path)
    program = processes.server(place, tmp_path / "server.log")
    program.variables["BUOY_FAILPOINT"] = f"{point}:3"
    program.start()
    processes.wait_serving(program, place.target)
    acknowledged = _write_until_it_ends(BuoyClient(place.target, timeout=2))
    assert program.process is not None
    assert program.process.wait(10) == failpoints.EXIT_CODE
    program.variables.clear()
    program.start()
    processes.wait_serving(program, place.target)
    stored = sorted(network.name for network in BuoyClient(place.target).get_networks())
    program.stop()
    assert stored == sorted([*acknowledged, f"n{len(acknowledged)}"] if durable else acknowledged)


def _write_until_it_ends(client: BuoyClient) -> list[str]:
    acknowledged: list[str] = []
    for number in range(10):
        try:
            client.create_network(f"n{number}", f"10.{number}.0.0/24")
        except BuoyError:
            return acknowledged
        acknowledged.append(f"n{number}")
    raise AssertionError("the server never ended")


def test_a_failpoint_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="BUOY_FAILPOINT: nonsense is none of after_commit, "):
        failpoints._parsed("nonsense")
