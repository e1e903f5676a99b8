"""/auth: tokens, namespaces, their keys and trusts."""

from typing import Any

from buoy.v1 import namespace_pb2

from buoy_server.core.errors import NameInUse
from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.route import Parameter, Route


async def authenticate(call: Call) -> Any:
    """Return a token for a namespace and one of its keys."""
    request = namespace_pb2.CreateTokenRequest(namespace=call.arguments.needed("namespace"), key=call.arguments.needed("key"))
    token = await call.rpc("NamespaceService/CreateToken", request)
    return {"access_token": token.access_token, "token_type": token.token_type, "expires_in": token.expires_in}


async def list_(call: Call) -> Any:
    """Return the namespaces that the caller may see."""
    request = namespace_pb2.ListNamespacesRequest()
    found = await call.all_pages("NamespaceService/ListNamespaces", request, "namespaces")
    return [views.namespace(namespace) for namespace in found]


async def create(call: Call) -> Any:
    """Create a namespace; one that is there is returned, for the client sends its request again when a connection breaks."""
    name = call.arguments.needed("namespace")
    try:
        made = await call.rpc("NamespaceService/CreateNamespace", namespace_pb2.CreateNamespaceRequest(name=name))
    except NameInUse:
        made = await _namespace(call, name)
    return views.namespace(made)


async def show(call: Call) -> Any:
    """Return one namespace."""
    return views.namespace(await _namespace(call, call.path["namespace"]))


async def delete(call: Call) -> None:
    """Delete a namespace in which nothing lives."""
    request = namespace_pb2.DeleteNamespaceRequest(namespace=call.path["namespace"])
    await call.rpc("NamespaceService/DeleteNamespace", request)


async def keys(call: Call) -> Any:
    """Return the names of a namespace's keys."""
    return [key.name for key in (await _namespace(call, call.path["namespace"])).keys]


async def set_key(call: Call) -> Any:
    """Add a key, or give it another secret, and return its name, which the path has or the body."""
    request = namespace_pb2.SetNamespaceKeyRequest(
        namespace=call.path["namespace"],
        key_name=call.path.get("key_name") or call.arguments.needed("key_name"),
        key=call.arguments.needed("key"),
    )
    return (await call.rpc("NamespaceService/SetNamespaceKey", request)).key_name


async def delete_key(call: Call) -> None:
    """Delete a key; its tokens end."""
    request = namespace_pb2.DeleteNamespaceKeyRequest(namespace=call.path["namespace"], key_name=call.path["key_name"])
    await call.rpc("NamespaceService/DeleteNamespaceKey", request)


async def trust(call: Call) -> Any:
    """Let another namespace see and change what belongs to this one."""
    request = namespace_pb2.AddNamespaceTrustRequest(
        namespace=call.path["namespace"], external_namespace=call.arguments.needed("external_namespace")
    )
    return views.namespace(await call.rpc("NamespaceService/AddNamespaceTrust", request))


async def distrust(call: Call) -> Any:
    """End that."""
    request = namespace_pb2.RemoveNamespaceTrustRequest(
        namespace=call.path["namespace"], external_namespace=call.path["external_namespace"]
    )
    return views.namespace(await call.rpc("NamespaceService/RemoveNamespaceTrust", request))


async def _namespace(call: Call, name: str) -> Any:
    return await call.rpc("NamespaceService/GetNamespace", namespace_pb2.GetNamespaceRequest(namespace=name))


_SHOWN = schemas.named("Namespace")
_SET_KEY = ("NamespaceService/SetNamespaceKey",)
_KEY_NAME = Parameter("key_name", schemas.NAME, "its name", required=True)
_KEY = Parameter("key", schemas.SECRET, "its secret", required=True)
_ONE = "/auth/namespaces/{namespace}"

ROUTES = (
    Route(
        "POST",
        "/auth",
        authenticate,
        ("NamespaceService/CreateToken",),
        "Get a token, to be sent as Authorization: Bearer",
        schemas.named("Token"),
        (
            Parameter("namespace", schemas.TEXT, "the namespace", required=True),
            Parameter("key", schemas.TEXT, "the secret of one of its keys", required=True),
        ),
    ),
    Route(
        "GET",
        "/auth/namespaces",
        list_,
        ("NamespaceService/ListNamespaces",),
        "List namespaces",
        schemas.list_of(_SHOWN),
    ),
    Route(
        "POST",
        "/auth/namespaces",
        create,
        ("NamespaceService/CreateNamespace", "NamespaceService/GetNamespace"),
        "Create a namespace. Safe to repeat",
        _SHOWN,
        (Parameter("namespace", schemas.NAME, "its name", required=True),),
    ),
    Route("GET", _ONE, show, ("NamespaceService/GetNamespace",), "Show a namespace", _SHOWN),
    Route(
        "DELETE",
        _ONE,
        delete,
        ("NamespaceService/DeleteNamespace",),
        "Delete a namespace in which nothing lives",
        schemas.NULL,
    ),
    Route("GET", f"{_ONE}/keys", keys, ("NamespaceService/GetNamespace",), "List the names of keys", schemas.TEXTS),
    Route("POST", f"{_ONE}/keys", set_key, _SET_KEY, "Add a key", schemas.TEXT, (_KEY_NAME, _KEY)),
    Route("PUT", f"{_ONE}/keys", set_key, _SET_KEY, "Give a key another secret", schemas.TEXT, (_KEY_NAME, _KEY)),
    Route("PUT", f"{_ONE}/keys/{{key_name}}", set_key, _SET_KEY, "Give a key another secret", schemas.TEXT, (_KEY,)),
    Route(
        "DELETE",
        f"{_ONE}/keys/{{key_name}}",
        delete_key,
        ("NamespaceService/DeleteNamespaceKey",),
        "Delete a key; its tokens end",
        schemas.NULL,
    ),
    Route(
        "POST",
        f"{_ONE}/trust",
        trust,
        ("NamespaceService/AddNamespaceTrust",),
        "Let another namespace see and change what belongs to this one",
        _SHOWN,
        (Parameter("external_namespace", schemas.NAME, "the other namespace", required=True),),
    ),
    Route(
        "DELETE",
        f"{_ONE}/trust/{{external_namespace}}",
        distrust,
        ("NamespaceService/RemoveNamespaceTrust",),
        "End a trust",
        _SHOWN,
    ),
)
