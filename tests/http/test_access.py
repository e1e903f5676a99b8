"""Who may ask for what: every route, as every sort of caller."""

from collections.abc import Mapping

import pytest
from buoy_server.http.route import Route
from buoy_server.http.table import ROUTES
from buoy_server.rpc.policy import POLICY, Who

from tests.http.site import Site
from tests.server.tenants import Metadata, Tenants, bearing

pytestmark = pytest.mark.anyio

LET_IN = {
    Who.EVERYONE: {"nobody", "a", "system", "agent"},
    Who.TENANT: {"a", "system"},
    Who.SYSTEM: {"system"},
}
EVERYBODY = frozenset(LET_IN[Who.EVERYONE])


def _let_in(route: Route) -> frozenset[str]:
    """Return whom a route lets in: whoever may call all of its RPCs."""
    return EVERYBODY.intersection(*(LET_IN[POLICY[f"buoy.v1.{rpc}"]] for rpc in route.rpcs))


async def _status(http: Site, route: Route, headers: Mapping[str, str]) -> int:
    """Ask for nothing in particular, and return the status."""
    path = route.path.replace(":path", "").replace("{", "absent-").replace("}", "")
    return (await http.ask(route.method, path, {}, headers=headers)).status_code


def _headers(metadata: Metadata) -> dict[str, str]:
    return dict(metadata)


async def test_every_route_as_every_sort_of_caller(secured: Site, world: Tenants) -> None:
    callers = {"nobody": {}, **{who: _headers(token) for who, token in world.tokens.items()}}
    for route in ROUTES:
        for who in EVERYBODY:
            status = await _status(secured, route, callers[who])
            turned_away = 401 if who == "nobody" else 403
            if who not in _let_in(route):
                assert status == turned_away, (route.method, route.path, who)
            else:
                assert status not in (401, 403), (route.method, route.path, who)


async def test_no_route_lets_a_stranger_in(secured: Site, world: Tenants) -> None:
    genuine = world.tokens["a"][0][1].removeprefix("Bearer ")
    strangers = {
        "expired": world.forged(iat=1, exp=2),
        "wrong audience": world.forged(aud="somebody"),
        "wrong nonce": world.forged(nonce="x"),
        "absent namespace": world.forged(sub="absent"),
        "alg none": world.unsigned(),
        "tampered": bearing(genuine[:-8] + "AAAAAAAA"),
        "no token at all": (("authorization", "Bearer"),),
        "not bearer": (("authorization", f"Basic {genuine}"),),
    }
    for route in ROUTES:
        if "nobody" in _let_in(route):
            continue
        for name, token in strangers.items():
            assert await _status(secured, route, _headers(token)) == 401, (route.method, route.path, name)


async def test_a_handler_calls_nothing_that_its_row_does_not_have(secured: Site, world: Tenants) -> None:
    headers = _headers(world.tokens["system"])
    for route in ROUTES:
        assert await _status(secured, route, headers) < 500, (route.method, route.path)


async def test_a_page_of_another_site_gets_nothing_even_without_tokens(http: Site) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        headers = {"sec-fetch-site": site, "content-type": "text/plain"}
        assert (await http.ask("GET", "/networks", headers=headers)).status_code == status
        assert (await http.ask("GET", "/docs", headers=headers)).status_code == 200
