"""Calls of namespaces: their keys, whom they trust, what they may use at most."""

import secrets

from buoy.v1 import namespace_pb2 as pb

from buoy_client.call import call
from buoy_client.convert import namespace_from_proto
from buoy_client.models import Namespace, NewKey
from buoy_client.operations.base import BaseOperations, Page
from buoy_client.operations.kinds import NAMESPACE

SERVICE = "NamespaceService"


def page_from_proto(response: pb.ListNamespacesResponse) -> Page[Namespace]:
    """Give one page of namespaces."""
    return [namespace_from_proto(item) for item in response.namespaces], response.next_page_token


def new_secret(key_name: str) -> str:
    """Give a secret as the server makes them, the key's name and 192 bits; the server keeps answers, and no secrets in them."""
    return f"{key_name}~{secrets.token_urlsafe(24)}"


class NamespaceOperations(BaseOperations):
    """Calls of namespaces, named as in Shaken Fist's client."""

    async def create_namespace(self, namespace: str) -> Namespace:
        """Create a namespace, without keys; for `system`."""
        return await self._transport.unary(NAMESPACE.changes("CreateNamespace", name=namespace))

    async def get_namespace(self, namespace: str | None = None) -> Namespace:
        """Give one namespace, your own by default."""
        return await self._transport.unary(NAMESPACE.changes("GetNamespace", namespace=self._in(namespace)))

    async def whoami(self) -> str:
        """Give the name of the namespace that the server takes this client for."""
        return (await self._transport.unary(NAMESPACE.changes("GetNamespace"))).name

    async def get_namespaces(self) -> list[Namespace]:
        """List the namespaces that you see, by name."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListNamespaces",
                pb.ListNamespacesRequest(page_token=token),
                pb.ListNamespacesResponse,
                page_from_proto,
            )
        )

    async def delete_namespace(self, namespace: str) -> Namespace:
        """Delete a namespace in which nothing lives; its tokens end; for `system`."""
        return await self._transport.unary(NAMESPACE.changes("DeleteNamespace", namespace=namespace))

    async def get_namespace_keynames(self, namespace: str | None = None) -> list[str]:
        """List the names of a namespace's keys."""
        return [key.name for key in (await self.get_namespace(namespace)).keys]

    async def add_namespace_key(
        self, namespace: str, key_name: str, key: str | None = None, *, node: str | None = None
    ) -> NewKey:
        """Add a key, or give it another secret; where none is given, one is made and stands in the answer.

        With `node` the key is for that node's agent and nothing else; only `system` makes such keys.
        """
        made = "" if key else new_secret(key_name)
        request = pb.SetNamespaceKeyRequest(namespace=namespace, key_name=key_name, key=key or made, node=node or "")
        asked = call(
            SERVICE, "SetNamespaceKey", request, pb.SetNamespaceKeyResponse, lambda answer: NewKey(answer.key_name, made)
        )
        return await self._transport.unary(asked)

    async def delete_namespace_key(self, namespace: str, key_name: str) -> Namespace:
        """Delete a key; its tokens end, and the streams that rest on them. An absent key is no error."""
        return await self._transport.unary(NAMESPACE.changes("DeleteNamespaceKey", namespace=namespace, key_name=key_name))

    async def add_namespace_trust(self, namespace: str, external_namespace: str) -> Namespace:
        """Let another namespace see and change what belongs to this one."""
        which = {"namespace": namespace, "external_namespace": external_namespace}
        return await self._transport.unary(NAMESPACE.changes("AddNamespaceTrust", **which))

    async def remove_namespace_trust(self, namespace: str, external_namespace: str) -> Namespace:
        """End that."""
        which = {"namespace": namespace, "external_namespace": external_namespace}
        return await self._transport.unary(NAMESPACE.changes("RemoveNamespaceTrust", **which))

    async def set_namespace_pool(self, namespace: str, pool: str | None) -> Namespace:
        """Set the pool that a namespace's addresses come from where none is named; None: the oldest; for `system`."""
        return await self._transport.unary(NAMESPACE.changes("SetNamespacePool", namespace=namespace, pool_ref=pool or ""))

    async def set_namespace_quota(
        self, namespace: str, *, interfaces: int = 0, floats: int = 0, addresses: int = 0, metadata_bytes: int = 0
    ) -> Namespace:
        """Set all limits of a namespace; 0 is no limit; for `system`."""
        quota = pb.NamespaceQuota(interfaces=interfaces, floats=floats, addresses=addresses, metadata_bytes=metadata_bytes)
        return await self._transport.unary(NAMESPACE.changes("SetNamespaceQuota", namespace=namespace, quota=quota))
