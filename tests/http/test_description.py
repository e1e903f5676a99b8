"""The route table: what it says of itself, and that each route has a policy."""

import re

import pytest
from buoy_server.http.capabilities import CAPABILITIES
from buoy_server.http.table import PUBLIC, ROUTES
from buoy_server.rpc.policy import POLICY

from tests.http.site import Site

pytestmark = pytest.mark.anyio

# Every text that shakenfist-client 0.8.3 looks for in the root page.
KNOWN = [
    "agentoperations-crud",
    "artifact-metadata",
    "artifact-upload-types",
    "blob-data-limit",
    "blob-events",
    "blob-metadata",
    "blob-search-by-hash",
    "blob-single-checksum",
    "cluster-cacert",
    "cluster-operation-chain",
    "cluster-operations-by-target",
    "cluster-resources",
    "events-by-type",
    "extra-dns-entries",
    "get-cluster-operations",
    "get-instance-namespace",
    "get-network-namespace",
    "hot-plug-interface",
    "instance-agentoperations",
    "instance-agentoperations-all",
    "instance-execute",
    "instance-get",
    "instance-put-blob",
    "instance-screenshot",
    "interface-metadata",
    "list-addresses",
    "network-delete-async",
    "node-get",
    "node-metadata",
    "node-process-metrics",
    "provide-dns",
    "route-addresses",
    "vdi-console-helper",
    "vdi-console-proxy",
]


async def test_the_root_page_has_the_capabilities_that_hold_and_no_other(http: Site) -> None:
    response = await http.ask("GET", "/")
    assert response.status_code == 200
    assert {text for text in KNOWN if text in response.text} == set(CAPABILITIES)
    assert set(CAPABILITIES) <= set(KNOWN)


async def test_every_route_has_a_policy() -> None:
    for route in ROUTES:
        assert route.public == (route.path in PUBLIC), route
        assert {f"buoy.v1.{rpc}" for rpc in route.rpcs} <= set(POLICY), route


async def test_no_route_is_there_twice() -> None:
    rows = [(route.method, re.sub(r"{\w+", "{", route.path)) for route in ROUTES]
    assert len(set(rows)) == len(rows)


async def test_the_description_has_every_route(http: Site) -> None:
    description = await http.told("GET", "/openapi.json")
    assert description["openapi"].startswith("3.1")
    described = {(method, path) for path, operations in description["paths"].items() for method in operations}
    assert described == {(route.method.lower(), route.path.replace(":path", "")) for route in ROUTES}
    identities = [operation["operationId"] for row in description["paths"].values() for operation in row.values()]
    assert len(set(identities)) == len(identities)


async def test_the_page_shows_every_route_and_loads_nothing(http: Site) -> None:
    response = await http.ask("GET", "/docs")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    for route in ROUTES:
        assert route.path.replace(":path", "") in response.text
    assert not re.search(r"(src|href)=\"(https?:)?//|<script|@import|url\(", response.text)
