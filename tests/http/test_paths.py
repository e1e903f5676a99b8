"""Paths as people and proxies write them, and HTTP's own matters."""

from itertools import product

import pytest
from buoy_server.http.paths import cleaned

from tests.http.site import Site
from tests.server.agent import ScriptedAgent

pytestmark = pytest.mark.anyio


async def test_every_way_to_write_a_path_is_answered_without_a_redirect(http: Site) -> None:
    for before, after in product(("", "/", "/api", "//api/", "/api//"), ("", "/", "//")):
        base = f"http://{http.target}{before}"
        assert len(await http.told("GET", f"{base}/networks{after}")) == 1
        assert (await http.told("GET", f"{base}/networks//net{after}"))["name"] == "net"
        root = await http.ask("GET", base + after)
        assert (root.status_code, "interface-metadata" in root.text) == (200, True)


def test_what_follows_metadata_is_left_alone() -> None:
    for path, clean in (
        ("/", "/"),
        ("", "/"),
        ("/apiary", "/apiary"),
        ("/api", "/"),
        ("//interfaces//u//metadata/", "/interfaces/u/metadata"),
        ("/api//interfaces/u/metadata/a//b/", "/interfaces/u/metadata/a//b/"),
        ("/instances/metadata/interfaces", "/instances/metadata/interfaces"),
    ):
        assert cleaned(path) == clean


async def test_a_body_is_taken_with_every_method_and_any_content_type(http: Site, node: ScriptedAgent) -> None:
    made = (await http.server.interface()).uuid
    for method in ("GET", "DELETE"):
        path = f"/interfaces/{made}/metadata" + ("/k" if method == "DELETE" else "")
        await http.told(method, path, {"anything": 1})
    encoded = {"content-type": "application/x-www-form-urlencoded"}  # as curl -d says
    text = b'{"key": "k", "value": 1}'
    assert await http.told("POST", f"/interfaces/{made}/metadata", content=text, headers=encoded) is None
    assert await http.told("GET", f"/interfaces/{made}/metadata") == {"k": 1}


async def test_one_connection_serves_many_requests(http: Site) -> None:
    responses = [await http.ask("GET", "/networks") for _ in range(3)]
    sockets = {response.extensions["network_stream"].get_extra_info("client_addr") for response in responses}
    assert len(sockets) == 1
    assert len({response.headers["x-request-id"] for response in responses}) == 3


async def test_head_is_get_without_a_body(http: Site) -> None:
    response = await http.ask("HEAD", "/networks")
    assert (response.status_code, response.content) == (200, b"")


async def test_what_is_not_there_is_said_in_json(http: Site) -> None:
    assert (await http.refused("GET", "/blobs"))[0] == 404
    assert (await http.refused("GET", "/interfaces"))[0] == 404
    response = await http.ask("PUT", "/networks")
    assert response.status_code == 405
    assert {word.strip() for word in response.headers["allow"].split(",")} == {"GET", "HEAD", "POST", "DELETE"}
    assert response.json()["status"] == 405
