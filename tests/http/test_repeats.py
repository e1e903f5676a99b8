"""A change that bears an Idempotency-Key may be sent again; one without, as sf-client sends it, is what it was."""

from uuid import uuid4

import pytest

from tests.http.site import Site
from tests.server.agent import ScriptedAgent

pytestmark = pytest.mark.anyio


async def test_a_repeat_gets_the_first_answer_and_changes_nothing(http: Site, node: ScriptedAgent) -> None:
    key = str(uuid4())
    body = {"netblock": "10.1.0.0/24", "provide_dhcp": True, "provide_nat": False, "name": "net2", "namespace": None}
    first = await http.told("POST", "/networks", body, headers={"Idempotency-Key": key})
    for written in (key, key.upper(), f'"{key}"'):
        assert await http.told("POST", "/networks", body, headers={"Idempotency-Key": written}) == first
    deleted = {"Idempotency-Key": str(uuid4())}
    gone = await http.told("DELETE", f"/networks/{first['uuid']}", headers=deleted)
    assert await http.told("DELETE", f"/networks/{first['uuid']}", headers=deleted) == gone


async def test_a_key_in_another_request_and_one_that_is_no_uuid_are_refused(http: Site) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    await http.told("POST", "/auth/namespaces", {"namespace": "red"}, headers=key)
    for headers in (key, {"Idempotency-Key": "1"}):
        status, text = await http.refused("POST", "/auth/namespaces", {"namespace": "blue"}, headers=headers)
        assert (status, text.partition(":")[0]) == (400, "Idempotency-Key")


async def test_an_x_request_id_is_left_to_proxies(http: Site) -> None:
    same = {"X-Request-ID": str(uuid4())}
    for name in ("red", "blue"):
        assert (await http.told("POST", "/auth/namespaces", {"namespace": name}, headers=same))["name"] == name


async def test_reads_and_what_deletes_all_take_no_key(http: Site, node: ScriptedAgent) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    await http.server.interface("a")
    await http.server.interface("b")
    assert len(await http.told("GET", "/instances", headers=key)) == 2
    deleted = await http.told("DELETE", "/instances", {"confirm": True, "namespace": "system"}, headers=key)
    assert len(deleted) == 2
