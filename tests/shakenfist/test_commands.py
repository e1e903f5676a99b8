"""`sf-client` in its three output forms: what it says for each command that Buoy has something for, compared with what is kept.

Each test is the life of one kind of object; the transcripts are in golden/, to be read.
"""

from ipaddress import IPv4Address

import pytest

from tests.shakenfist.client import PATIENCE, ShakenFist
from tests.shakenfist.tenant import PRINTED, Tenant
from tests.shakenfist.transcript import Transcript
from tests.support import web
from tests.support.waiting import wait_for

forms = pytest.mark.parametrize("form", ["pretty", "simple", "json"])


@forms
def test_namespace_commands(tenant: Tenant, admin: ShakenFist, form: str) -> None:
    sf = Transcript(admin, form)
    sf("namespace", "list")
    sf("namespace", "create", "blue")
    sf("namespace", "create", "blue")  # safe to repeat
    sf("namespace", "add-key", "blue", "first", "the first secret")
    sf("namespace", "add-key", "blue", "second", "the second secret")
    sf("namespace", "update-key", "blue", "second", "another secret")
    sf("namespace", "delete-key", "blue", "first")
    sf("namespace", "set-metadata", "blue", "owner", "team blue")
    sf("namespace", "add-trust", "blue", tenant.namespace)
    sf("namespace", "show", "blue")
    sf("namespace", "get-metadata", "blue")
    sf("namespace", "delete-metadata", "blue", "owner")
    sf("namespace", "remove-trust", "blue", tenant.namespace)
    sf("namespace", "clean")
    sf("namespace", "clean", "--confirm", "--namespace", "blue")
    sf("namespace", "delete", "blue")
    sf("namespace", "show", "blue")
    sf("namespace", "delete", "blue")
    assert sf.text() == sf.kept("namespace")


@forms
def test_network_commands(tenant: Tenant, form: str) -> None:
    sf = Transcript(tenant.client, form)
    sf("network", "list")
    sf("network", "create", "net", "10.0.0.0/24", "--dns")
    sf("network", "create", "net", "10.0.0.0/24")
    sf("network", "create", "bad", "10.0.0.1")
    sf("network", "create", "closed", "10.0.1.0/24", "--no-nat", "--no-dhcp")
    tenant.system.create_instance("web", [tenant.spec("net")], namespace=tenant.namespace, wait=True)
    sf("network", "set-metadata", "net", "owner", "team blue")
    sf("network", "show", "net")
    sf("network", "instances", "net")
    sf("network", "addresses", "net")
    sf("network", "events", "net", loose=True)
    sf("network", "events", "net", "--type", "audit", "--limit", "1", loose=True)
    sf("network", "events", "net", "--type", "wrong")
    routed = sf("network", "add-routed", "net").out.strip()
    sf("network", "delete-routed", "net", routed)
    wait_for("the node to have let go of it", lambda: not tenant.routed("net"), seconds=PATIENCE)  # so that net can go below
    sf("network", "delete-routed", "net", "192.168.20.111")  # never routed
    sf("network", "add-routed", "nowhere")
    sf("network", "delete-metadata", "net", "owner")
    sf("network", "delete", "net")  # in use
    sf("network", "delete", "closed")
    sf("network", "delete-all")
    tenant.system.delete_instance(tenant.system.get_instances(namespace=tenant.namespace)[0].uuid, wait=True)
    sf("network", "delete-all", "--confirm")
    sf("network", "list")
    sf("network", "show", "net")
    sf("network", "addresses", PRINTED)
    sf("network", "delete", PRINTED)
    assert sf.text() == sf.kept("network")


@forms
def test_instance_commands(tenant: Tenant, form: str) -> None:
    tenant.system.create_network("net", "10.0.0.0/24", namespace=tenant.namespace)
    sf = Transcript(tenant.client, form)
    sf("instance", "list")
    sf("instance", "create", "web", "1", "1024", "-d", "8@debian:12", "-n", "net@10.0.0.9", "-m", "owner=blue", "-p", "node1")
    sf("instance", "create", "web", "1", "1024", "-d", "8@debian:12", "-n", "net")
    sf("instance", "create", "lost", "1", "1024", "-d", "8@debian:12", "-n", "nowhere")
    sf("instance", "add-interface", "web", "-n", "net@10.0.0.10")
    sf("instance", "add-interface", "web", "-N", "network_uuid=net,address=10.0.0.11,model=e1000,float=false")
    wait_for(
        "the node to have them", lambda: tenant.all_plugged("web"), seconds=PATIENCE
    )  # so that its events are not the newest below
    sf("instance", "set-metadata", "web", "tags", '["a", "b"]')
    sf("instance", "show", "web")
    sf("instance", "list")
    sf("instance", "events", "web", "--limit", "1", loose=True)
    sf("instance", "delete-metadata", "web", "tags")
    sf("instance", "delete", "web")
    sf("instance", "list")
    sf("instance", "list", "--all")
    sf("instance", "show", "web")
    sf("instance", "delete", PRINTED)
    sf("instance", "delete-all")
    sf("instance", "delete-all", "--confirm")
    assert sf.text() == sf.kept("instance")


@forms
def test_interface_commands(tenant: Tenant, form: str) -> None:
    _, nic = tenant.instance()
    sf = Transcript(tenant.client, form)
    sf("interface", "show", nic.uuid)
    sf("interface", "float", nic.uuid)
    tenant.system.float_interface(nic.uuid, wait=True)
    sf("interface", "float", nic.uuid)
    sf("interface", "set-metadata", nic.uuid, "owner", "team blue")
    sf("interface", "show", nic.uuid)
    sf("instance", "list")
    sf("network", "instances", "net")
    sf("interface", "delete-metadata", nic.uuid, "owner")
    sf("interface", "delete-metadata", nic.uuid, "owner")
    sf("interface", "defloat", nic.uuid)
    tenant.system.defloat_interface(nic.uuid, wait=True)
    sf("interface", "defloat", nic.uuid)
    sf("interface", "show", nic.uuid)
    for words in (["show"], ["float"], ["defloat"], ["set-metadata", "k", "v"], ["delete-metadata", "k"]):
        sf("interface", words[0], PRINTED, *words[1:])
    sf("interface", "show", "no-uuid")
    assert sf.text() == sf.kept("interface")


def test_nobody_gets_in_with_a_wrong_key(tenant: Tenant) -> None:
    for namespace in (tenant.namespace, "absent"):
        ended = ShakenFist(tenant.client.url, namespace, "a wrong secret", tenant.directory).sf("network", "list")
        assert (ended.code, "Not authenticated" in ended.out) == (1, True)


def test_what_only_system_may_do_is_refused(tenant: Tenant) -> None:
    for words in (["namespace", "create", "mine"], ["node", "list"]):
        ended = tenant.client.sf(*words)
        assert (ended.code, "Not authorized" in ended.out) == (1, True)


@forms
def test_nodes_are_listed_and_shown_to_system(admin: ShakenFist, form: str) -> None:
    for words in (["list"], ["show", "node1"]):
        ended = admin.sf(f"--{form}", "node", *words)
        assert (ended.code, "node1" in ended.out, ended.err) == (0, True, "")
    assert admin.sf(f"--{form}", "node", "show", "absent").code == 1


def test_an_instance_may_be_floated_from_the_start(tenant: Tenant) -> None:
    assert tenant.client.sf("network", "create", "net", "10.0.0.0/24").code == 0
    assert tenant.client.sf("instance", "create", "web", "1", "1024", "-d", "8@debian:12", "-f", "net").code == 0
    (instance,) = tenant.system.get_instances(namespace=tenant.namespace)
    (nic,) = tenant.system.get_instance_interfaces(instance.uuid)
    floating = tenant.system.float_interface(nic.uuid, wait=True).floating
    assert floating is not None
    with web.http_server(tenant.netns_of(instance.uuid), "web"):
        assert web.fetch(tenant.stage.world.client, IPv4Address(str(floating.address))).served_by == "web"
