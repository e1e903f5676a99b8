"""The first key: whoever can write the database gets the key of the namespace `system`."""

from buoy_server.auth.keys import Keys, new_secret
from buoy_server.core.commands.namespaces import SetNamespaceKey
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import Namespace
from buoy_server.core.state import Kind
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.storage.store import SqlStore

KEY_NAME = "bootstrap"


class BootstrapError(Exception):
    """There is a key already, in words for the operator."""


async def bootstrap(store: SqlStore) -> str:
    """Make the key and return its secret, or raise BootstrapError where there is one."""
    view = View()
    view.load(store)
    system = view.get(Kind.NAMESPACE, SYSTEM)
    if isinstance(system, Namespace) and any(not key.node for key in system.keys):
        raise BootstrapError("the namespace system has a key already: use it to make others")
    keys = Keys()
    writer = Writer(store, view, Feed(store, view.revision, store.oldest()))
    try:
        secret = new_secret(KEY_NAME)
        command = SetNamespaceKey(namespace=SYSTEM, key=await keys.make(KEY_NAME, secret), create=True)
        await writer.submit(command, Caller(SYSTEM), "Bootstrap", "server")
    finally:
        await writer.close()
        keys.close()
    return secret
