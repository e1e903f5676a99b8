"""From credentials to a caller, as the namespaces are now."""

from dataclasses import dataclass, field
from typing import cast

from buoy_server.auth.tokens import Claims, Tokens
from buoy_server.core.errors import Unauthenticated
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import Namespace
from buoy_server.core.state import Kind, State

_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Credentials:
    """What came with a request: the value of its authorization header, "" without one, and the address it came from."""

    authorization: str = field(default="", repr=False)
    peer: str = ""


class Authenticator:
    """Knows callers by their tokens; without one a caller is `system` where the server runs --insecure, else nobody."""

    def __init__(self, state: State, tokens: Tokens, *, insecure: bool) -> None:
        self._state = state
        self._tokens = tokens
        self._insecure = insecure

    def caller(self, credentials: Credentials) -> Caller:
        """Return who calls, or raise Unauthenticated."""
        if not credentials.authorization:
            if self._insecure:
                return Caller(SYSTEM)
            raise Unauthenticated("no token: ask CreateToken for one, and send it as `authorization: Bearer <token>`")
        if not credentials.authorization.lower().startswith(_SCHEME):
            raise Unauthenticated("the authorization is not `Bearer <token>`")
        return self._known(self._tokens.verify(credentials.authorization[len(_SCHEME) :].strip()))

    def renew(self, caller: Caller) -> Caller:
        """Return a caller with the rights of now; raise Unauthenticated when the key that it came with is gone."""
        if not caller.key_nonce:
            return caller
        namespace = cast("Namespace | None", self._state.get(Kind.NAMESPACE, caller.namespace))
        key = next((key for key in namespace.keys if key.nonce == caller.key_nonce), None) if namespace else None
        if key is None:
            raise Unauthenticated("the key that the token was given for is gone")
        return self._known(Claims(caller.namespace, key.name, key.nonce))

    def _known(self, claims: Claims) -> Caller:
        namespace = cast("Namespace | None", self._state.get(Kind.NAMESPACE, claims.namespace))
        key = next((key for key in namespace.keys if key.name == claims.key_name), None) if namespace else None
        if key is None or key.nonce != claims.nonce:
            raise Unauthenticated("the key that the token was given for is gone")
        trusting = frozenset(self._state.find(Kind.NAMESPACE, "trusts", claims.namespace))
        since = {name: self._created(name) for name in (claims.namespace, *trusting)}
        return Caller(claims.namespace, trusting, key.nonce, key.node, {} if claims.namespace == SYSTEM else since)

    def _created(self, name: str) -> int:
        namespace = self._state.get(Kind.NAMESPACE, name)
        return namespace.created_revision if isinstance(namespace, Namespace) else 0
