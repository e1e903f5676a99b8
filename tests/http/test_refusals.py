"""Each way to be refused: the status, and that the text names what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from buoy.v1 import network_pb2, pool_pb2

from tests.http.site import Site, site
from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, running

pytestmark = pytest.mark.anyio

ABSENT = "00000000-0000-4000-8000-000000000000"
META = "/networks/net/metadata"


def _network(**spec: Any) -> dict[str, Any]:
    return {"name": "i", "network": [{"network_uuid": "net", **spec}]}


# method, path, body, status, how the text starts
ROWS: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/interfaces/x", None, 400, "interface_uuid: 'x' is not a UUID"),
    ("GET", f"/interfaces/{ABSENT}", None, 404, f"interface not found: {ABSENT}"),
    ("POST", f"/interfaces/{ABSENT}/float", None, 404, "interface not found"),
    ("GET", "/instances/absent", None, 404, "instance not found: absent"),
    ("GET", "/networks/absent/addresses", None, 404, "network not found: absent"),
    ("GET", "/nodes/absent", None, 404, "node not found: absent"),
    ("GET", "/instances/no%20name", None, 400, "instance_ref: "),
    ("GET", "/instances/absent/events", {"limit": 0}, 400, "limit: "),
    ("GET", "/instances/absent/events", {"limit": True}, 400, "limit: "),
    ("GET", "/instances/absent/events", {"event_type": "dance"}, 400, "event_type: 'dance' is none of audit"),
    ("GET", "/instances/absent/events", {"event_type": "prune"}, 404, "instance not found"),
    ("GET", "/instances", {"all": "perhaps"}, 400, "all: "),
    ("GET", "/instances?all=2", None, 400, "all: "),
    ("POST", "/instances", {}, 400, "name: it is missing"),
    ("POST", "/instances", {"name": 7}, 400, "name: a text was expected"),
    ("POST", "/instances", {"name": "i", "network": "net"}, 400, "network: a list of objects"),
    ("POST", "/instances", {"name": "i", "network": [{}]}, 400, "network[0].network_uuid: it is missing"),
    ("POST", "/instances", _network(network_uuid="no name"), 400, "network[0].network_uuid: "),
    ("POST", "/instances", _network(address="10.0.0.256"), 400, "network[0].address: "),
    ("POST", "/instances", _network(macaddress="x"), 400, "network[0].macaddress: "),
    ("POST", "/instances", _network(float="maybe"), 400, "network[0].float: true or false"),
    ("POST", "/instances", _network(floating=True), 400, "network[0]: 'floating' is none of"),
    ("POST", "/instances", {"name": "i", "disk": [1]}, 400, "disk: a list of objects"),
    ("POST", "/instances", {"name": "i", "video": "vga"}, 400, "video: an object"),
    ("POST", "/instances", {"name": "i", "side_channels": [1]}, 400, "side_channels: a list of texts"),
    ("POST", "/instances", {"name": "i", "metadata": []}, 400, "metadata: an object"),
    ("POST", "/instances", {"name": "i", "user_data": "x" * 70_000}, 400, "attributes: "),
    ("POST", "/instances", {"name": "i", "placed_on": "absent"}, 404, "node not found: absent"),
    ("POST", "/instances", {"name": "web"}, 409, ""),
    ("POST", "/instances/web/interfaces", {"network": None}, 400, "network.network_uuid: it is missing"),
    ("POST", "/networks", {"name": "n", "netblock": "10.0.0.1/24"}, 400, "netblock: "),
    ("POST", "/networks", {"name": "n", "netblock": "10.0.0.0/24", "provide_nat": "x"}, 400, "provide_nat: "),
    ("DELETE", "/networks/net", None, 409, ""),
    ("PUT", f"{META}/k", {}, 400, "value: it is missing"),
    ("POST", META, {"value": 1}, 400, "key: it is missing"),
    ("PUT", f"{META}/{'k' * 254}", {"value": 1}, 400, "key: "),
    ("PUT", f"{META}/k", {"value": "x" * 70_000}, 400, "value: "),
    ("PUT", f"{META}/k", {"value": 2**53 + 1}, 400, "value: a number is larger"),
    ("PUT", f"{META}/k", {"value": 10**400}, 400, "value: a number is larger"),
    ("POST", "/auth", {"namespace": "a"}, 400, "key: it is missing"),
]  # fmt: skip

# what is no JSON that can be kept, and how the text starts
BODIES: list[tuple[bytes, str]] = [
    (b"{", "body: this is not JSON"),
    (b"\xff\xfe", "body: this is not JSON"),
    (b"[]", "body: a JSON object"),
    (b"null", "body: a JSON object"),
    (b'{"value": NaN}', "body: this is not JSON"),
    (b'{"value": -Infinity}', "body: this is not JSON"),
    (b'{"value": 1e999}', "value: a number is larger"),
    (b'{"value": ' + b"1" * 5000 + b"}", "body: this is not JSON"),
    (b'{"value": "\\ud800"}', "value: half of a surrogate pair"),
    (b'{"value": {"\\ud800": 1}}', "value: half of a surrogate pair"),
    (b'{"\\udc00": 1}', "body: half of a surrogate pair"),
    (b'{"value": ' + b"[" * 25 + b"]" * 25 + b"}", "value: nested more than 24 deep"),
    (b'{"value": ' + b'{"a":' * 30 + b"1" + b"}" * 30 + b"}", "value: nested more than 24 deep"),
    (b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body: nested more than 24 deep"),
]


@pytest.fixture
async def subjects(http: Site, node: ScriptedAgent) -> None:
    await http.server.interface("web")


@pytest.mark.usefixtures("subjects")
async def test_every_refusal_has_its_status_and_names_what_is_wrong(http: Site) -> None:
    for method, path, body, status, text in ROWS:
        said = await http.refused(method, path, body)
        assert (said[0], said[1][: len(text)]) == (status, text), (method, path, said)


async def test_a_body_that_cannot_be_kept_is_refused(http: Site) -> None:
    for body, text in BODIES:
        status, said = await http.refused("PUT", f"{META}/k", content=body)
        assert (status, said[: len(text)]) == (400, text)
    assert await http.told("GET", META) == {}


async def test_what_is_as_deep_as_allowed_is_kept_and_read_again(http: Site, server: Running) -> None:
    deep = json.loads('{"a":' * 23 + "[]" + "}" * 23)
    await http.told("PUT", f"{META}/k", {"value": deep})
    assert await http.told("GET", META) == {"k": deep}
    assert (await http.told("GET", "/networks"))[0]["metadata"] == {"k": deep}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large_is_refused(http: Site, declared: bool) -> None:
    async def chunks() -> Any:
        for _ in range(32):
            yield b" " * 65_536

    content = b" " * (2 << 20) if declared else chunks()
    status, text = await http.refused("PUT", f"{META}/k", content=content)
    assert (status, text) == (413, "a body has at most 1024 KiB")


async def test_an_empty_pool_is_507_and_loses_nothing(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server, agent(server), site(server) as http:
        await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="tiny", ranges=["203.0.113.7"]))
        await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"))
        first, second = [(await server.interface(name)).uuid for name in ("a", "b")]
        await http.told("POST", f"/interfaces/{first}/float")
        assert (await http.refused("POST", f"/interfaces/{second}/float"))[0] == 507
        await http.told("POST", f"/interfaces/{first}/float")
