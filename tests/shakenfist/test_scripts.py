"""Every script of Shaken Fist's documentation page on network interfaces, as it is printed there."""

import json
from ipaddress import IPv4Address
from typing import Any

from buoy_client import FloatingPhase, InterfaceSpec

from tests.shakenfist.client import PATIENCE, Ended
from tests.shakenfist.tenant import PRINTED, Tenant
from tests.support import netns, web

QUIET = Ended(0, "", "")


def test_fetching_an_interface_prints_it(tenant: Tenant) -> None:
    instance, nic = tenant.instance()
    ended = tenant.run("fetch_interface", nic.uuid)
    assert (ended.code, ended.err) == (0, "")
    shown: dict[str, Any] = {
        "floating": None,
        "instance_uuid": instance.uuid,
        "ipv4": "10.0.0.9",
        "macaddr": nic.macaddr,
        "metadata": {},
        "model": "virtio",
        "network_uuid": nic.network_uuid,
        "order": 0,
        "state": "created",
        "uuid": nic.uuid,
        "version": 3,
    }
    assert ended.out == json.dumps(shown, indent=4, sort_keys=True) + "\n"


def test_creating_an_instance_prints_its_interface(tenant: Tenant) -> None:
    ended = tenant.run("instance_interfaces")
    assert (ended.code, ended.err) == (0, "")
    *said, words = ended.out.partition("Instance is created\n")
    assert said[1], ended.out
    assert all(line.startswith("Waiting for the instance to start: ") for line in said[0].splitlines())
    (instance,) = tenant.system.get_instances(namespace=tenant.namespace)
    (nic,) = tenant.system.get_instance_interfaces(instance.uuid)
    assert (instance.name, instance.state) == ("example", "created")
    shown = json.loads(words)
    assert words == json.dumps(shown, indent=4, sort_keys=True) + "\n"
    assert (shown["uuid"], shown["instance_uuid"], shown["ipv4"]) == (nic.uuid, instance.uuid, str(nic.ipv4))
    assert (shown["state"], shown["order"], shown["floating"], shown["version"]) == ("created", 0, None, 3)


def test_the_address_that_floating_prints_answers_that_very_moment(tenant: Tenant) -> None:
    instance, nic = tenant.instance()
    with web.http_server(tenant.netns_of(instance.uuid), "web"):
        process = tenant.client.start(tenant.script("float_interface", nic.uuid))
        assert process.stdout is not None
        with process.stdout as lines:
            line = next(line for line in lines if line != "Waiting...\n")
            words, _, address = line.strip().rpartition(" ")
            page = web.fetch(tenant.stage.world.client, IPv4Address(address))
            assert lines.read() == ""
        assert process.wait(PATIENCE) == 0
    assert (words, page.served_by) == ("The interface is externally accessible at", "web")
    assert str(tenant.interface(nic.uuid).floating.address) == address


def test_floating_twice_keeps_the_address(tenant: Tenant) -> None:
    _, nic = tenant.instance()
    first = tenant.run("float_interface", nic.uuid)
    assert (first.code, tenant.run("float_interface", nic.uuid).out.splitlines()[-1:]) == (0, first.out.splitlines()[-1:])


def test_defloating_ends_it(tenant: Tenant) -> None:
    instance, nic = tenant.instance()
    floating = tenant.system.float_interface(nic.uuid, wait=True).floating
    assert floating is not None
    with web.http_server(tenant.netns_of(instance.uuid), "web"):
        assert web.reaches(tenant.stage.world.client, IPv4Address(str(floating.address)))
        assert tenant.run("defloat_interface", nic.uuid) == QUIET
        left = tenant.interface(nic.uuid).floating
        assert left is None or left.phase is FloatingPhase.RELEASING
        assert tenant.system.defloat_interface(nic.uuid, wait=True).floating is None
        assert not web.reaches(tenant.stage.world.client, IPv4Address(str(floating.address)))
    assert tenant.run("defloat_interface", nic.uuid) == QUIET


def test_metadata_is_set_read_and_deleted(tenant: Tenant) -> None:
    _, nic = tenant.instance()
    assert tenant.run("set_metadata", nic.uuid) == QUIET
    assert tenant.run("get_metadata", nic.uuid) == Ended(0, '{\n    "foo": "bar"\n}\n', "")
    assert tenant.interface(nic.uuid).metadata == {"foo": "bar"}
    assert tenant.run("delete_metadata", nic.uuid) == QUIET
    assert tenant.run("get_metadata", nic.uuid) == Ended(0, "{}\n", "")
    assert tenant.run("delete_metadata", nic.uuid) == QUIET


def test_an_interface_of_somebody_else_is_as_absent_as_one_that_never_was(tenant: Tenant) -> None:
    network = tenant.system.create_network("theirs", "10.0.0.0/24")
    instance = tenant.system.create_instance("theirs", [InterfaceSpec(network.uuid)], wait=True)
    theirs = tenant.system.get_instance_interfaces(instance.uuid)[0].uuid
    for script in ("fetch_interface", "float_interface", "set_metadata"):
        answers = {_last_line(tenant.run(script, uuid)).replace(uuid, PRINTED) for uuid in (theirs, PRINTED)}
        assert len(answers) == 1
        assert f"interface not found: {PRINTED}" in answers.pop()
    assert tenant.interface(theirs).floating is None
    tenant.system.delete_instance(instance.uuid, wait=True)
    tenant.system.delete_network(network.uuid, wait=True)


def test_network_namespaces_are_gone_with_the_instance(tenant: Tenant) -> None:
    instance, _ = tenant.instance()
    assert netns.exists(tenant.netns_of(instance.uuid))
    assert tenant.client.sf("instance", "delete", "web").code == 0
    assert not netns.exists(tenant.netns_of(instance.uuid))


def _last_line(ended: Ended) -> str:
    assert (ended.code, ended.out) == (1, "")
    return ended.err.splitlines()[-1]
