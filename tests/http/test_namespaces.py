"""/auth: the client's own way in, and namespaces, keys and trusts; over a server that asks for tokens."""

from typing import Any

import pytest

from tests.http.site import Site
from tests.server.tenants import Tenants

pytestmark = pytest.mark.anyio


async def login(http: Site, namespace: str, key: str) -> dict[str, Any]:
    """Return headers with a token."""
    answer = await http.told("POST", "/auth", {"namespace": namespace, "key": key})
    assert set(answer) == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], 0 < answer["expires_in"] <= 900) == ("Bearer", True)
    return {"headers": {"authorization": f"Bearer {answer['access_token']}"}}


async def test_a_token_is_given_for_a_key_and_needed_for_everything_else(secured: Site, world: Tenants) -> None:
    a = await login(secured, "a", world.keys["a"])
    assert await secured.told("GET", "/networks", **a) == []
    for wrong in ({"namespace": "a", "key": "no such key"}, {"namespace": "absent", "key": "no such key"}):
        assert await secured.refused("POST", "/auth", wrong) == (401, "no such namespace, or no such key")
    assert (await secured.refused("POST", "/networks", {"netblock": 7}))[0] == 401  # before anything of it is looked at
    assert (await secured.refused("GET", "/nodes/no%20name", **a))[0] == 403
    response = await secured.ask("GET", "/networks")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_what_is_of_others_is_absent(secured: Site, world: Tenants) -> None:
    a = await login(secured, "a", world.keys["a"])
    b = await login(secured, "b", world.keys["b"])
    asked = {"name": "lan", "netblock": "10.0.0.0/24"}
    uuid = (await secured.told("POST", "/networks", asked, **a))["uuid"]
    assert await secured.refused("GET", f"/networks/{uuid}", **b) == (404, f"network not found: {uuid}")
    assert await secured.told("GET", "/networks", **b) == []
    await secured.told("POST", "/auth/namespaces/a/trust", {"external_namespace": "b"}, **a)
    assert (await secured.told("GET", f"/networks/{uuid}", **b))["uuid"] == uuid
    shown = await secured.told("DELETE", "/auth/namespaces/a/trust/b", **a)
    assert shown["trust"] == {"full": []}
    assert (await secured.refused("GET", f"/networks/{uuid}", **b))[0] == 404


async def test_the_life_of_a_namespace(secured: Site, world: Tenants) -> None:
    system = await login(secured, "system", world.keys["system"])
    a = await login(secured, "a", world.keys["a"])
    for _ in range(2):  # the client asks again when a connection breaks
        made = await secured.told("POST", "/auth/namespaces", {"namespace": "new"}, **system)
        assert made == {
            "name": "new",
            "state": "created",
            "keys": [],
            "trust": {"full": []},
            "metadata": {},
            "version": 1,
        }
    assert (await secured.refused("POST", "/auth/namespaces", {"namespace": "other"}, **a))[0] == 403
    names = [namespace["name"] for namespace in await secured.told("GET", "/auth/namespaces", **system)]
    assert names == ["a", "b", "new", "system"]
    assert [found["name"] for found in await secured.told("GET", "/auth/namespaces", **a)] == ["a"]
    await secured.told("PUT", "/auth/namespaces/new/metadata/k", {"value": "v"}, **system)
    assert await secured.told("GET", "/auth/namespaces/new/metadata", **system) == {"k": "v"}
    assert (await secured.told("GET", "/auth/namespaces/new", **system))["metadata"] == {"k": "v"}
    assert await secured.told("DELETE", "/auth/namespaces/new", **system) is None
    assert (await secured.refused("GET", "/auth/namespaces/new", **system))[0] == 404


async def test_keys_are_added_updated_both_ways_and_deleted(secured: Site, world: Tenants) -> None:
    a = await login(secured, "a", world.keys["a"])
    path = "/auth/namespaces/a/keys"
    assert await secured.told("POST", path, {"key_name": "ci", "key": "first secret"}, **a) == "ci"
    assert sorted(await secured.told("GET", path, **a)) == ["ci", "k"]
    old = await login(secured, "a", "first secret")
    assert await secured.told("PUT", path, {"key_name": "ci", "key": "second secret"}, **a) == "ci"
    assert (await secured.refused("GET", "/networks", **old))[0] == 401
    await login(secured, "a", "second secret")
    assert await secured.told("PUT", f"{path}/ci", {"key": "third secret"}, **a) == "ci"
    await login(secured, "a", "third secret")
    assert await secured.told("DELETE", f"{path}/ci", **a) is None
    assert await secured.told("GET", path, **a) == ["k"]
    for missing in ({"key_name": "x"}, {"key": "a secret of mine"}):
        assert (await secured.refused("POST", path, missing, **a))[0] == 400


async def test_everything_in_the_callers_own_namespace_is_deleted(secured: Site, world: Tenants) -> None:
    a = await login(secured, "a", world.keys["a"])
    uuid = (await secured.told("POST", "/networks", {"name": "lan", "netblock": "10.0.0.0/24"}, **a))["uuid"]
    assert await secured.told("DELETE", "/networks", {"confirm": True, "namespace": None}, **a) == [uuid]
    system = await login(secured, "system", world.keys["system"])
    status, text = await secured.refused("DELETE", "/networks", {"confirm": True}, **system)
    assert (status, text.partition(":")[0]) == (400, "namespace")


async def test_guessing_keys_is_limited(secured: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.auth.throttle.WINDOW", 3600.0)  # looking at the keys may take longer than a minute
    answers = [await secured.refused("POST", "/auth", {"namespace": "a", "key": f"guess {n}"}) for n in range(40)]
    assert answers[0][0] == 401
    assert answers[-1][0] == 429
