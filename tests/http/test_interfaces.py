"""/interfaces: show, float, defloat, metadata, events; and hot plug."""

import asyncio

import pytest
from buoy.v1 import interface_pb2

from tests.http.site import Site
from tests.server.agent import ScriptedAgent
from tests.server.test_explaining import asked, examined, floating

pytestmark = pytest.mark.anyio


async def test_the_view_of_an_interface_has_exactly_what_shaken_fist_shows(http: Site, node: ScriptedAgent) -> None:
    made = await http.server.interface(address="10.0.0.6", macaddr="02:00:00:73:18:66")
    await node.read()
    await node.confirm()
    assert await http.told("GET", f"/interfaces/{made.uuid}") == {
        "uuid": made.uuid,
        "state": "created",
        "metadata": {},
        "version": 3,
        "network_uuid": made.network_uuid,
        "instance_uuid": made.instance_uuid,
        "macaddr": "02:00:00:73:18:66",
        "ipv4": "10.0.0.6",
        "order": 0,
        "model": "virtio",
        "floating": None,
    }


async def test_a_floating_address_is_shown_only_while_it_works(http: Site, node: ScriptedAgent) -> None:
    uuid = (await http.server.interface()).uuid
    await node.read()
    await node.confirm()

    async def floating() -> object:
        return (await http.told("GET", f"/interfaces/{uuid}"))["floating"]

    assert await http.told("POST", f"/interfaces/{uuid}/float") is None
    assert await floating() is None  # the node has not confirmed
    await node.read()
    asked = node.bindings[uuid].floating_address
    await node.confirm(floating_error="no external interface")
    assert await floating() is None  # the node could not
    await node.confirm()
    assert await floating() == asked
    assert await http.told("POST", f"/interfaces/{uuid}/defloat") is None
    assert await floating() is None  # asked back, and not gone yet
    await node.read()
    await node.confirm()
    assert await floating() is None


async def test_float_and_defloat_are_safe_to_repeat(http: Site, node: ScriptedAgent) -> None:
    uuid = (await http.server.interface()).uuid
    for path in ("float", "float", "defloat", "defloat"):
        assert await http.told("POST", f"/interfaces/{uuid}/{path}") is None
    for _ in range(2):
        assert await http.told("POST", f"/interfaces/{uuid}/float") is None
    shown = await http.server.interfaces.GetInterface(interface_pb2.GetInterfaceRequest(interface_uuid=uuid))
    await http.told("POST", f"/interfaces/{uuid}/float")
    again = await http.server.interfaces.GetInterface(interface_pb2.GetInterfaceRequest(interface_uuid=uuid))
    assert again == shown


async def test_metadata_holds_any_json(http: Site, node: ScriptedAgent) -> None:
    path = f"/interfaces/{(await http.server.interface()).uuid}/metadata"
    values = ["bar", "", 0, 20, -1.5, True, False, None, [1, {"two": [None]}], {}, {"a": {"b": "\u00e9\U0001f6df"}}]
    for value in values:
        assert await http.told("PUT", f"{path}/put", {"value": value}) is None
        assert await http.told("POST", path, {"key": "post", "value": value}) is None
        assert await http.told("GET", path) == {"put": value, "post": value}
        assert "20.0" not in (await http.ask("GET", path)).text
    for _ in range(2):
        assert await http.told("DELETE", f"{path}/put") is None
    assert await http.told("GET", path) == {"post": values[-1]}


async def test_a_metadata_key_is_the_rest_of_the_path(http: Site, node: ScriptedAgent) -> None:
    path = f"/interfaces/{(await http.server.interface()).uuid}/metadata"
    for key in ("a b/c", "a//b/", "a?b=c&d", "%", "metadata/x", "\u00e9", "..x"):
        written = key.replace("%", "%25")  # all else goes as it is, as from Shaken Fist's client
        await http.told("PUT", f"{path}/{written}", {"value": 1})
        assert await http.told("GET", path) == {key: 1}
        await http.told("DELETE", f"{path}/{written}")
        assert await http.told("GET", path) == {}


async def test_events_are_listed_newest_first(http: Site, node: ScriptedAgent) -> None:
    uuid = (await http.server.interface()).uuid
    await http.told("PUT", f"/interfaces/{uuid}/metadata/k", {"value": 1})
    await node.read()
    await node.confirm()
    events = await http.told("GET", f"/interfaces/{uuid}/events")
    assert [event["type"] for event in events] == ["status", "mutate", "audit"]
    assert [event["fqdn"] for event in events] == ["n1", "buoy.example", "buoy.example"]
    assert events[0]["timestamp"] >= events[-1]["timestamp"] > 1.6e9
    assert all(set(event) == {"timestamp", "fqdn", "type", "duration", "message", "extra"} for event in events)


async def test_an_interface_is_plugged_into_an_instance_as_the_client_asks_for_it(http: Site, node: ScriptedAgent) -> None:
    first = await http.server.interface()
    network, free = first.network_uuid, "10.0.0.9" if first.ipv4 != "10.0.0.9" else "10.0.0.10"
    netdesc = {"network_uuid": network, "macaddress": None, "model": "virtio", "float": True, "address": free}
    plugged = await http.told("POST", "/instances/web/interfaces", {"network": netdesc})
    assert (plugged["order"], plugged["ipv4"], plugged["floating"]) == (1, free, None)
    while plugged["uuid"] not in node.bindings:
        await node.read()
    await node.confirm()
    listed = await http.told("GET", "/instances/web/interfaces")
    assert [interface["order"] for interface in listed] == [0, 1]
    assert listed[1]["floating"].startswith("192.0.2.")


async def test_an_explanation_is_whole_or_says_what_is_not_known(http: Site, node: ScriptedAgent) -> None:
    made = await floating(http.server, node)
    asking = asyncio.ensure_future(http.told("GET", f"/interfaces/{made.uuid}/explain"))
    await http.server.agents.AnswerNode(examined(await asked(node)))
    whole = await asking
    assert (whole["broken"], whole["node"]["connected"], whole["interface"]["uuid"]) == (None, True, made.uuid)
    assert whole["incoming"] == {"packets": 3, "bytes": 300, "flows": 1}
    assert {link["state"] for link in whole["links"]} == {"ok"}
    node.call.cancel()
    while (partial := await http.told("GET", f"/interfaces/{made.uuid}/explain"))["broken"] != "node":
        pass
    assert partial["incoming"] is None
    assert {link["state"] for link in partial["links"]} == {"ok", "broken", "unknown"}
