"""Tokens: JWTs signed with Ed25519, for one audience, for at most a quarter of an hour.

A token names the key that it was given for, and bears that key's nonce: it ends when the key is deleted or gets another secret,
which whoever verifies it looks up. Checking a signature costs a hundred microseconds, so that of a token that was seen is not
checked again; its times always are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from buoy_server.core.errors import Unauthenticated

LIFETIME = 900  # seconds
SKEW = 60  # seconds that clocks may differ
ISSUER = "buoy-server"
AUDIENCE = "buoy"
ALGORITHM = "Ed25519"
_SEEN = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: a namespace, by one of its keys as it was at the time."""

    namespace: str
    key_name: str
    nonce: str


class Tokens:
    """Signs and verifies with one key."""

    def __init__(self, kid: str, private_key: bytes, clock: Callable[[], datetime]) -> None:
        signing = Ed25519PrivateKey.from_private_bytes(private_key)
        pem = signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._kid = kid
        self._key = OKPKey.import_key(pem)
        self._clock = clock
        self._verified = lru_cache(_SEEN)(self._verify)

    def sign(self, claims: Claims) -> str:
        """Return a token for LIFETIME from now."""
        now = int(self._clock().timestamp())
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._kid}
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": claims.namespace,
            "key": claims.key_name,
            "nonce": claims.nonce,
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(header, payload, self._key, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Claims:
        """Return what a token says, or raise Unauthenticated when it is not ours, not for us, or over."""
        payload = self._verified(token)
        now = self._clock().timestamp()
        expires, issued = payload.get("exp"), payload.get("iat")
        if not isinstance(expires, int) or expires <= now:
            raise Unauthenticated("the token has expired: ask for another")
        if not isinstance(issued, int) or issued > now + SKEW or expires - issued > LIFETIME:
            raise Unauthenticated("the token is not valid")
        return Claims(payload["sub"], payload["key"], payload["nonce"])

    def _verify(self, token: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated("the token is not valid") from error
        payload: dict[str, Any] = decoded.claims
        named = all(isinstance(payload.get(name), str) for name in ("sub", "key", "nonce"))
        if (
            decoded.header.get("kid") != self._kid
            or payload.get("iss") != ISSUER
            or payload.get("aud") != AUDIENCE
            or not named
        ):
            raise Unauthenticated("the token is not valid")
        return payload
