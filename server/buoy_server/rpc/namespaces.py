"""NamespaceService."""

from buoy.v1 import namespace_pb2
from google.protobuf.message import Message

from buoy_server.auth.keys import SEPARATOR, Keys, new_secret
from buoy_server.auth.throttle import Throttle
from buoy_server.auth.tokens import LIFETIME, Claims, Tokens
from buoy_server.codec.records import namespace_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands import namespaces as commands
from buoy_server.core.errors import Malformed, Unauthenticated
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Namespace, Quota
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, metadata, paging
from buoy_server.rpc.backend import Backend

MIN_SECRET = 8
MAX_SECRET = 256


class NamespaceService:
    """Namespaces, their keys, and tokens."""

    def __init__(self, backend: Backend, keys: Keys, tokens: Tokens, throttle: Throttle) -> None:
        self._backend = backend
        self._keys = keys
        self._tokens = tokens
        self._throttle = throttle

    async def CreateToken(self, request: namespace_pb2.CreateTokenRequest, peer: str) -> Message:
        """Give a token for a namespace and one of its keys."""
        namespace = request.namespace[:256]
        self._throttle.attempt(namespace, peer)
        found = self._backend.view.get(Kind.NAMESPACE, request.namespace)
        keys = found.keys if isinstance(found, Namespace) else ()
        key = await self._keys.find(keys, request.key) if len(request.key) <= MAX_SECRET else None
        if key is None:
            raise Unauthenticated("no such namespace, or no such key")
        self._throttle.succeeded(namespace, peer)
        token = self._tokens.sign(Claims(request.namespace, key.name, key.nonce))
        return namespace_pb2.CreateTokenResponse(access_token=token, token_type="Bearer", expires_in=LIFETIME)  # noqa: S106

    async def CreateNamespace(self, request: namespace_pb2.CreateNamespaceRequest, caller: Caller) -> bytes:
        """Create a namespace."""
        command = commands.CreateNamespace(name=checks.name(request.name, "name"))
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def GetNamespace(self, request: namespace_pb2.GetNamespaceRequest, caller: Caller) -> Message:
        """Return one namespace."""
        return namespace_to_proto(lookup.namespace(self._backend.view, caller, _name(request.namespace)))

    async def ListNamespaces(self, request: namespace_pb2.ListNamespacesRequest, caller: Caller) -> bytes:
        """List namespaces by name."""
        view = self._backend.view
        page = paging.page_of(self._backend, request)
        seen = (name for name in view.keys(Kind.NAMESPACE) if caller.sees(name))
        return page.answer(
            paging.smallest_first(seen, page.after),
            lambda name: namespace_to_proto(lookup.namespace(view, caller, name)).SerializeToString(),
            namespace_pb2.ListNamespacesResponse(),
        )

    async def DeleteNamespace(self, request: namespace_pb2.DeleteNamespaceRequest, caller: Caller) -> bytes:
        """Delete a namespace in which nothing lives."""
        command = commands.DeleteNamespace(name=checks.name(request.namespace, "namespace"))
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def SetNamespaceKey(self, request: namespace_pb2.SetNamespaceKeyRequest, caller: Caller) -> bytes:
        """Add a key, or give it another secret."""
        name, node = checks.name(request.key_name, "key_name"), checks.optional_text(checks.name, request.node, "node")
        if request.request_id and not request.key:
            raise Malformed("it is needed with a request id: the answer is kept, and no secret is", field="key")
        if node and request.key and not request.key.startswith(f"{name}{SEPARATOR}"):
            raise Malformed(
                f"the key of an agent begins with its name, {name}{SEPARATOR}; or leave it to the server", field="key"
            )
        if request.key and not MIN_SECRET <= len(request.key) <= MAX_SECRET:
            raise Malformed(f"a key has {MIN_SECRET} to {MAX_SECRET} characters", field="key")
        secret = request.key or new_secret(name)
        key = await self._keys.make(name, secret, node)
        command = commands.SetNamespaceKey(namespace=_name(request.namespace), key=key)
        response = namespace_pb2.SetNamespaceKeyResponse(key_name=name, key="" if request.key else secret)
        return await self._backend.change(command, caller, request, lambda _: response)

    async def DeleteNamespaceKey(self, request: namespace_pb2.DeleteNamespaceKeyRequest, caller: Caller) -> bytes:
        """Delete a key; its tokens end."""
        command = commands.DeleteNamespaceKey(
            namespace=_name(request.namespace), key_name=checks.name(request.key_name, "key_name")
        )
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def AddNamespaceTrust(self, request: namespace_pb2.AddNamespaceTrustRequest, caller: Caller) -> bytes:
        """Let another namespace see and change what belongs to this one."""
        external = checks.name(request.external_namespace, "external_namespace")
        command = commands.AddNamespaceTrust(namespace=_name(request.namespace), external=external)
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def RemoveNamespaceTrust(self, request: namespace_pb2.RemoveNamespaceTrustRequest, caller: Caller) -> bytes:
        """End a trust."""
        external = checks.name(request.external_namespace, "external_namespace")
        command = commands.RemoveNamespaceTrust(namespace=_name(request.namespace), external=external)
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def SetNamespaceQuota(self, request: namespace_pb2.SetNamespaceQuotaRequest, caller: Caller) -> bytes:
        """Set what a namespace may use at most."""
        limits = {field.name: getattr(request.quota, field.name) for field in request.quota.DESCRIPTOR.fields}
        for name, limit in limits.items():
            if limit < 0:
                raise Malformed("a limit is not negative; 0 is none", field=f"quota.{name}")
        command = commands.SetNamespaceQuota(namespace=checks.name(request.namespace, "namespace"), quota=Quota(**limits))
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def SetNamespacePool(self, request: namespace_pb2.SetNamespacePoolRequest, caller: Caller) -> bytes:
        """Set the pool that a namespace's addresses come from where none is named."""
        command = commands.SetNamespacePool(
            namespace=checks.name(request.namespace, "namespace"),
            pool_ref=checks.optional_text(checks.ref, request.pool_ref, "pool_ref"),
        )
        return await self._backend.change(command, caller, request, namespace_to_proto)

    async def GetNamespaceMetadata(self, request: namespace_pb2.GetNamespaceMetadataRequest, caller: Caller) -> Message:
        """Return the metadata of a namespace."""
        found = lookup.namespace(self._backend.view, caller, _name(request.namespace))
        return metadata.answer(found.metadata, namespace_pb2.GetNamespaceMetadataResponse())

    async def SetNamespaceMetadataItem(self, request: namespace_pb2.SetNamespaceMetadataItemRequest, caller: Caller) -> bytes:
        """Set one metadata key."""
        find = metadata.find_namespace(request.namespace)
        return await metadata.set_item(self._backend, caller, request, find, namespace_to_proto)

    async def DeleteNamespaceMetadataItem(
        self, request: namespace_pb2.DeleteNamespaceMetadataItemRequest, caller: Caller
    ) -> bytes:
        """Delete one metadata key."""
        find = metadata.find_namespace(request.namespace)
        return await metadata.delete_item(self._backend, caller, request, find, namespace_to_proto)


def _name(text: str) -> str:
    return checks.optional_text(checks.name, text, "namespace")
