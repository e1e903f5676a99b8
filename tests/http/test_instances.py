"""/instances."""

import pytest

from tests.http.site import Site
from tests.server.agent import ScriptedAgent

pytestmark = pytest.mark.anyio

ASKED = {
    "name": "example",
    "cpus": 1,
    "memory": 1024,
    "network": None,
    "disk": [{"size": 20, "base": "debian:11", "bus": None, "type": "disk"}],
    "ssh_key": None,
    "user_data": None,
    "namespace": None,
    "video": None,
    "configdrive": None,
    "metadata": None,
    "side_channels": None,
    "uefi": False,
    "secure_boot": False,
    "nvram_template": None,
}


async def test_an_instance_as_the_documentation_asks_for_it(http: Site, node: ScriptedAgent) -> None:
    made = await http.told("POST", "/instances", ASKED)
    uuid = made["uuid"]
    assert made == {
        "uuid": uuid,
        "name": "example",
        "namespace": "system",
        "state": made["state"],
        "cpus": 1,
        "memory": 1024,
        "disk_spec": [{"type": "disk", "bus": None, "size": 20, "base": "debian:11"}],
        "video": {"model": "cirrus", "memory": 16384, "vdi": "spice"},
        "ssh_key": None,
        "user_data": None,
        "node": "n1",
        "power_state": "initial",
        "console_port": None,
        "vdi_port": None,
        "vdi_tls_port": None,
        "uefi": False,
        "secure_boot": False,
        "nvram_template": None,
        "configdrive": None,
        "machine_type": None,
        "side_channels": [],
        "agent_state": "not ready (no contact)",
        "agent_start_time": None,
        "agent_system_boot_time": None,
        "error_message": None,
        "metadata": {},
        "version": 1,
    }
    assert made["state"] in ("initial", "preflight", "creating")
    assert (await http.told("GET", f"/instances/{uuid}/events"))[0]["message"]
    await node.read()
    await node.confirm()
    shown = await http.told("GET", f"/instances/{uuid}")
    assert (shown["state"], shown["power_state"]) == ("created", "on")
    (interface,) = await http.told("GET", f"/instances/{uuid}/interfaces")
    network = await http.told("GET", f"/networks/{interface['network_uuid']}")
    assert network["name"] == "default"


async def test_what_buoy_does_not_interpret_is_kept_and_shown(http: Site, node: ScriptedAgent) -> None:
    said = {
        **ASKED,
        "network": [],
        "video": {"model": "vga", "memory": 65536},
        "side_channels": ["sf-agent2"],
        "user_data": "aGVsbG8=",
        "metadata": {"tags": ["a"], "n": 1},
        "placed_on": "n1",
        "something": {"else": 2.5},
        "state": "error",
        "uuid": "mine",
    }
    made = await http.told("POST", "/instances", said)
    assert made["video"] == {"model": "vga", "memory": 65536, "vdi": "spice"}
    assert (made["side_channels"], made["user_data"], made["something"]) == (["sf-agent2"], "aGVsbG8=", {"else": 2.5})
    assert made["metadata"] == {"tags": ["a"], "n": 1}
    assert (made["state"] != "error", made["uuid"] != "mine") == (True, True)
    assert "placed_on" not in made


async def test_networks_are_asked_for_as_the_clients_program_does(http: Site, node: ScriptedAgent) -> None:
    networks = [
        {"network_uuid": "net", "macaddress": None, "model": "virtio", "float": True, "address": "10.0.0.9"},
        {"network_uuid": "net", "macaddress": "02:00:00:00:00:07", "model": "e1000"},
    ]
    made = await http.told("POST", "/instances", {**ASKED, "network": networks})
    await node.read()
    await node.confirm()
    first, second = await http.told("GET", f"/instances/{made['uuid']}/interfaces")
    assert (first["ipv4"], first["floating"] is None) == ("10.0.0.9", False)
    assert (second["macaddr"], second["model"], second["floating"]) == ("02:00:00:00:00:07", "e1000", None)


async def test_a_deleted_instance_stays_readable_by_uuid(http: Site, node: ScriptedAgent) -> None:
    uuid = (await http.told("POST", "/instances", ASKED))["uuid"]
    await node.read()
    assert (await http.told("DELETE", "/instances/example", {"namespace": "system"}))["uuid"] == uuid
    assert (await http.told("GET", f"/instances/{uuid}"))["state"] == "delete-wait"
    await node.read()
    await node.confirm()
    assert (await http.told("GET", f"/instances/{uuid}"))["state"] == "deleted"
    assert await http.told("GET", "/instances", {"all": False}) == []
    assert [instance["uuid"] for instance in await http.told("GET", "/instances", {"all": True})] == [uuid]
    assert [instance["uuid"] for instance in await http.told("GET", "/instances?all=true")] == [uuid]


async def test_all_pages_are_listed(http: Site, node: ScriptedAgent) -> None:
    padding = "x" * 60_000
    for index in range(60):  # more bytes than one page of the contract has
        await http.told("POST", "/instances", {"name": f"i{index}", "user_data": padding})
    assert len(await http.told("GET", "/instances")) == 60


async def test_events_by_type_and_number_in_body_or_query(http: Site, node: ScriptedAgent) -> None:
    await http.told("POST", "/instances", ASKED)
    for index in range(3):
        await http.told("PUT", f"/instances/example/metadata/k{index}", {"value": index})
    path = "/instances/example/events"
    assert len(await http.told("GET", path)) >= 4
    mutations = await http.told("GET", path, {"event_type": "mutate"})
    assert [event["message"] for event in mutations] == [f"metadata 'k{index}' set" for index in (2, 1, 0)]
    for limited in ({"limit": 2}, {"limit": "2"}):
        assert len(await http.told("GET", path, limited)) == 2
    assert len(await http.told("GET", f"{path}?limit=1&event_type=mutate")) == 1
    assert await http.told("GET", path, {"event_type": "resources"}) == []


async def test_a_name_is_looked_up_in_the_namespace_that_is_given(http: Site, node: ScriptedAgent) -> None:
    for namespace in ("a", "b"):
        await http.told("POST", "/instances", {"name": "twin", "namespace": namespace})
    assert (await http.refused("GET", "/instances/twin"))[0] == 409
    assert (await http.told("GET", "/instances/twin", {"namespace": "b"}))["namespace"] == "b"
    assert (await http.told("GET", "/instances/twin?namespace=a"))["namespace"] == "a"


async def test_all_instances_and_networks_of_one_namespace_are_deleted(http: Site, node: ScriptedAgent) -> None:
    uuids = [(await http.told("POST", "/instances", {"name": f"i{n}", "namespace": "a"}))["uuid"] for n in range(3)]
    await http.told("POST", "/instances", {"name": "other", "namespace": "b"})
    assert (await http.refused("DELETE", "/networks", {"confirm": True, "namespace": "a"}))[0] == 409
    assert sorted(await http.told("DELETE", "/instances", {"confirm": True, "namespace": "a"})) == sorted(uuids)
    assert len(await http.told("DELETE", "/networks", {"confirm": True, "namespace": "a", "clean_wait": True})) == 1
    states = {instance["name"]: instance["state"] for instance in await http.told("GET", "/instances")}
    assert states == {"i0": "delete-wait", "i1": "delete-wait", "i2": "delete-wait", "other": "creating"}
    assert (await http.refused("DELETE", "/instances", {"namespace": "b"}))[0] == 400


async def test_metadata_of_instances(http: Site, node: ScriptedAgent) -> None:
    await http.told("POST", "/instances", ASKED)
    await http.told("PUT", "/instances/example/metadata/affinity", {"value": {"cpu": {"fast": 10}}})
    assert await http.told("GET", "/instances/example/metadata") == {"affinity": {"cpu": {"fast": 10}}}
    await http.told("DELETE", "/instances/example/metadata/affinity")
    assert (await http.told("GET", "/instances/example"))["metadata"] == {}
