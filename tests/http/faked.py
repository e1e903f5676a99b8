"""An application layer that the test scripts: it lets everybody in."""

from collections.abc import Iterable, Mapping
from typing import Any

from buoy_server.auth.authenticator import Credentials
from buoy_server.rpc.policy import POLICY


class LetsEverybodyIn:
    """The part of an application layer that says who may call what; `call` is the test's."""

    def services(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Return all RPCs."""
        return [(service, {name: None}) for service, _, name in (rpc.partition("/") for rpc in POLICY)]

    def admit(self, method: Any, credentials: Credentials) -> None:
        """Let everybody in."""
