"""Artifacts, which Buoy does not have: where they are cleaned away, none are."""

import pytest

from tests.http.site import Site

pytestmark = pytest.mark.anyio


async def test_cleaning_a_namespace_ends_with_no_artifacts(http: Site) -> None:
    assert await http.told("DELETE", "/artifacts", {"confirm": True, "namespace": "system"}) == []
    assert (await http.refused("DELETE", "/artifacts", {"namespace": "system"}))[0] == 400
    assert (await http.refused("DELETE", "/artifacts", {"confirm": True, "namespace": "absent"}))[0] == 404
    assert (await http.refused("GET", "/artifacts"))[0] == 405
