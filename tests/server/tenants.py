"""A server that asks for tokens, and callers of every sort."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buoy.v1 import namespace_pb2
from buoy_server.auth.tokens import Claims
from buoy_server.bootstrap import bootstrap
from buoy_server.storage.database import open_database
from joserfc import jwt

from tests.server.running import Running, running

Metadata = tuple[tuple[str, str], ...]
NOBODY: Metadata = ()


def bearing(token: str) -> Metadata:
    """Return call metadata that bears a token."""
    return (("authorization", f"Bearer {token}"),)


@dataclass
class Tenants:
    """A server with the namespaces a and b, a key for the agent of node n1, and the tokens of all."""

    server: Running
    keys: dict[str, str]
    tokens: dict[str, Metadata] = field(default_factory=dict)

    async def login(self, namespace: str, key: str) -> str:
        """Return a token for a key."""
        response: Any = await self.server.namespaces.CreateToken(namespace_pb2.CreateTokenRequest(namespace=namespace, key=key))
        token: str = response.access_token
        return token

    def forged(self, **changes: object) -> Metadata:
        """Return a token of `a` with other claims, signed with the server's own key."""
        tokens = self.server.server._tokens
        genuine = tokens.sign(Claims("a", "k", "x"))
        claims = {**_part(self.tokens["a"][0][1].split(".")[1]), **changes}
        header = _part(genuine.split(".")[0])
        return bearing(jwt.encode(header, claims, tokens._key, algorithms=["Ed25519"]))

    def unsigned(self) -> Metadata:
        """Return the claims of `a` under `alg: none`, without a signature."""
        body = self.tokens["a"][0][1].split(".")[1]
        header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
        return bearing(f"{header}.{body}.")


def _part(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


@asynccontextmanager
async def tenants(path: Path) -> AsyncIterator[Tenants]:
    """Bootstrap a database, run a server on it that asks for tokens, and furnish it."""
    database = open_database(f"sqlite:///{path}")
    system = await bootstrap(database.store)
    database.close()
    async with running(path, insecure=False) as server:
        world = Tenants(server, {"system": system})
        world.tokens["system"] = bearing(await world.login("system", system))
        calls = server.namespaces
        for name in ("a", "b"):
            await calls.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name=name), metadata=world.tokens["system"])
            made = await calls.SetNamespaceKey(
                namespace_pb2.SetNamespaceKeyRequest(namespace=name, key_name="k"), metadata=world.tokens["system"]
            )
            world.keys[name] = made.key
            world.tokens[name] = bearing(await world.login(name, made.key))
        made = await calls.SetNamespaceKey(
            namespace_pb2.SetNamespaceKeyRequest(key_name="n1", node="n1"), metadata=world.tokens["system"]
        )
        world.tokens["agent"] = bearing(await world.login("system", made.key))
        yield world
