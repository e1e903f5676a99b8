"""`buoy interface explain`: the link that is named stands out."""

from buoy_client.cli.explain import lines
from buoy_client.explanation import ExplainedLink, Explanation, LinkState

from tests.unit.client.objects import interface

FAILED = ExplainedLink("floating", LinkState.BROKEN, "floating address", "192.0.2.50", "192.0.2.50 failed: it is down", "")
CAUSE = ExplainedLink("external-interface", LinkState.BROKEN, "external interface", "eth0", "it is down", "bring it up")


def test_the_link_that_is_named_stands_out_and_not_one_that_follows_from_it() -> None:
    found = Explanation(
        interface=interface(),
        links=(FAILED, CAUSE),
        broken="external-interface",
        summary="external interface: it is down",
        advice="bring it up",
        node="n1",
        connected=True,
        heard_time=None,
        examination=None,
    )
    first, second, *_ = lines(found)
    assert "bold red" not in {str(span.style) for span in first.spans[1:]}
    assert "bold red" in {str(span.style) for span in second.spans[1:]}
