"""/networks and /nodes."""

import time

import pytest

from tests.http.site import Site
from tests.server.agent import ScriptedAgent

pytestmark = pytest.mark.anyio

ASKED = {"netblock": "10.9.0.0/24", "provide_dhcp": True, "provide_nat": True, "name": "lan", "namespace": None}


async def test_a_network_is_allocated_shown_listed_and_deleted(http: Site) -> None:
    made = await http.told("POST", "/networks", {**ASKED, "provide_dns": True})
    assert made == {
        "uuid": made["uuid"],
        "name": "lan",
        "namespace": "system",
        "netblock": "10.9.0.0/24",
        "provide_dhcp": True,
        "provide_nat": True,
        "provide_dns": True,
        "floating_gateway": None,
        "vxlan_id": made["vxlan_id"],
        "state": "created",
        "metadata": {},
        "version": 1,
    }
    assert 1 <= made["vxlan_id"] < 1 << 24
    for ref in ("lan", made["uuid"]):
        assert await http.told("GET", f"/networks/{ref}") == made
    assert made in await http.told("GET", "/networks", {"all": False})
    deleted = await http.told("DELETE", "/networks/lan")
    assert deleted == {**made, "state": deleted["state"]}
    assert deleted["state"] in ("delete-wait", "deleted")
    assert (await http.told("GET", f"/networks/{made['uuid']}"))["state"] == "deleted"
    assert [network["name"] for network in await http.told("GET", "/networks")] == ["net"]
    assert len(await http.told("GET", "/networks?all=true")) == 2


async def test_the_gateway_of_a_network_that_calls_out(http: Site, node: ScriptedAgent) -> None:
    await http.told("POST", "/networks", ASKED)
    await http.told("POST", "/instances", {"name": "i", "network": [{"network_uuid": "lan"}]})
    assert (await http.told("GET", "/networks/lan"))["floating_gateway"].startswith("192.0.2.")


async def test_what_is_on_a_network(http: Site, node: ScriptedAgent) -> None:
    made = await http.server.interface(address="10.0.0.9")
    (interface,) = await http.told("GET", "/networks/net/interfaces")
    assert interface == await http.told("GET", f"/interfaces/{made.uuid}")
    addresses = await http.told("GET", "/networks/net/addresses")
    assert [(address["address"], address["type"]) for address in addresses] == [
        ("10.0.0.0", "network"),
        ("10.0.0.1", "gateway"),
        ("10.0.0.9", "instance"),
        ("10.0.0.255", "broadcast"),
    ]
    assert addresses[2]["user"] == [made.uuid]
    assert all(set(address) == {"address", "type", "user", "comment"} for address in addresses)


async def test_an_address_is_routed_into_a_network_and_back(http: Site, node: ScriptedAgent) -> None:
    await http.server.interface()
    address = await http.told("POST", "/networks/net/route")
    assert address.startswith("192.0.2.")
    await node.until_routed(address)
    assert (await http.told("DELETE", f"/networks/net/route/{address}")) is None
    assert (await http.told("DELETE", f"/networks/net/route/{address}")) is None  # its node has not let go yet
    await node.until_unrouted(address)
    assert await http.refused("DELETE", f"/networks/net/route/{address}") == (404, f"routed address not found: {address}")
    assert (await http.refused("DELETE", "/networks/net/route/x"))[0] == 400
    assert (await http.refused("POST", "/networks/absent/route"))[0] == 404
    events = [event["message"] for event in await http.told("GET", "/networks/net/events")]
    assert events[:2] == [f"routed address {address} released", f"routed address {address} asked back"]


async def test_metadata_and_events_of_networks(http: Site) -> None:
    await http.told("PUT", "/networks/net/metadata/k", {"value": "v"})
    assert await http.told("GET", "/networks/net/metadata") == {"k": "v"}
    await http.told("DELETE", "/networks/net/metadata/k")
    events = await http.told("GET", "/networks/net/events")
    assert [event["type"] for event in events] == ["mutate", "mutate", "audit"]
    assert len(await http.told("GET", "/networks/net/events", {"limit": 1})) == 1


async def test_nodes(http: Site, node: ScriptedAgent) -> None:
    shown = await http.told("GET", "/nodes/n1")
    assert (shown["uuid"], shown["name"], shown["state"], shown["release"]) == ("n1", "n1", "created", "1")
    assert abs(shown["lastseen"] - time.time()) < 60
    assert {"ip", "version", "is_hypervisor", "is_network_node", "is_cluster_maintainer"} <= set(shown)
    assert [listed["name"] for listed in await http.told("GET", "/nodes")] == ["n1"]
