"""Commands on namespaces: keys, trusts, quotas. Secrets arrive here hashed."""

from dataclasses import dataclass, replace

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import Instance, Interface, Namespace, NamespaceKey, Network, Quota
from buoy_server.core.state import Draft, Kind

MAX_TRUSTS = 64
MAX_KEYS = 16  # each login tries all of them, and each try costs as much as a hash is meant to


def new_namespace(draft: Draft, name: str) -> Namespace:
    """Return a namespace that remembers the revision at which it is made; the caller puts it next."""
    return Namespace(name=name, created_revision=draft.revision + 1)


def ensure_namespace(draft: Draft, caller: Caller, name: str) -> str:
    """Return the namespace that a request means; one that only system names is made on first need."""
    wanted = caller.within(name)
    if not caller.sees(wanted):
        raise errors.NamespaceNotFound(wanted, field="namespace")
    if draft.get(Kind.NAMESPACE, wanted) is None:
        if caller.namespace != SYSTEM:
            raise errors.NamespaceNotFound(wanted, field="namespace")
        draft.put(new_namespace(draft, wanted))
    return wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNamespace:
    """Create a namespace."""

    name: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the new namespace."""
        del context
        if draft.get(Kind.NAMESPACE, self.name) is not None:
            raise errors.NameInUse(f"there is a namespace named {self.name}", field="name")
        return draft.put(new_namespace(draft, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNamespace:
    """Delete a namespace in which nothing lives."""

    name: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace as it was."""
        namespace = lookup.namespace(draft, context.caller, self.name)
        if namespace.name == SYSTEM:
            raise errors.NamespaceInUse("the namespace system is the operators' own", field="namespace")
        _forget_deleted(draft, namespace.name)
        for kind in (Kind.INSTANCE, Kind.NETWORK, Kind.INTERFACE):
            used = draft.count(kind, "namespace", namespace.name)
            if used:
                raise errors.NamespaceInUse(
                    f"namespace {namespace.name} has {used} {kind}s, or their nodes have not confirmed that they are gone",
                    field="namespace",
                )
        if kept := draft.count(Kind.RESERVATION, "kept", namespace.name):
            things = "1 address reserved: release it" if kept == 1 else f"{kept} addresses reserved: release them"
            raise errors.NamespaceInUse(f"namespace {namespace.name} has {things} first", field="namespace")
        for trusting in list(draft.find(Kind.NAMESPACE, "trusts", namespace.name)):
            other = draft.get(Kind.NAMESPACE, trusting)
            if isinstance(other, Namespace):
                draft.put(replace(other, trusts=tuple(name for name in other.trusts if name != namespace.name)))
        draft.forget(namespace)
        for name in namespace.trusts:
            _note_rights(draft, name)
        return namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNamespaceKey:
    """Add a key, or give it another secret; `create` makes the namespace too, for the first key of all."""

    namespace: str
    key: NamespaceKey
    create: bool = False

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace with the key."""
        if self.create and draft.get(Kind.NAMESPACE, self.namespace) is None:
            draft.put(new_namespace(draft, self.namespace))
        if self.key.node and context.caller.namespace != SYSTEM:
            raise errors.PermissionDenied("only the namespace system makes keys for agents", field="node")
        namespace = lookup.own_namespace(draft, context.caller, self.namespace)
        others = tuple(key for key in namespace.keys if key.name != self.key.name)
        if len(others) >= MAX_KEYS and not self.key.node:
            raise errors.NotReady(f"namespace {namespace.name} has {MAX_KEYS} keys, the most", field="key_name")
        return draft.put(replace(namespace, keys=(*others, self.key)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNamespaceKey:
    """Delete a key; its tokens end."""

    namespace: str
    key_name: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace without the key; an absent key changes nothing."""
        namespace = lookup.own_namespace(draft, context.caller, self.namespace)
        kept = tuple(key for key in namespace.keys if key.name != self.key_name)
        return namespace if kept == namespace.keys else draft.put(replace(namespace, keys=kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNamespaceTrust:
    """Let another namespace see and change what belongs to this one."""

    namespace: str
    external: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace with the trust; one that is there changes nothing."""
        namespace = lookup.own_namespace(draft, context.caller, self.namespace)
        if namespace.name == SYSTEM:
            raise errors.Malformed("system trusts nobody: who it trusted would be system", field="namespace")
        if self.external == namespace.name:
            raise errors.Malformed("a namespace need not trust itself", field="external_namespace")
        if self.external in namespace.trusts:
            return namespace
        if len(namespace.trusts) >= MAX_TRUSTS:
            raise errors.NotReady(
                f"namespace {namespace.name} trusts {MAX_TRUSTS} others, the most", field="external_namespace"
            )
        trusting = draft.put(replace(namespace, trusts=(*namespace.trusts, self.external)))
        _note_rights(draft, self.external)
        return trusting


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNamespaceTrust:
    """End a trust."""

    namespace: str
    external: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace without the trust; an absent one changes nothing."""
        namespace = lookup.own_namespace(draft, context.caller, self.namespace)
        if self.external not in namespace.trusts:
            return namespace
        alone = draft.put(replace(namespace, trusts=tuple(name for name in namespace.trusts if name != self.external)))
        _note_rights(draft, self.external)
        return alone


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNamespaceQuota:
    """Set what a namespace may use at most."""

    namespace: str
    quota: Quota

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace with its limits; what it has already beyond them stays."""
        namespace = lookup.namespace(draft, context.caller, self.namespace)
        return draft.put(replace(namespace, quota=self.quota))


def _note_rights(draft: Draft, name: str) -> None:
    """Note on a namespace that it is trusted by others than before: its watches learn of it, also those that resume."""
    trusted = draft.get(Kind.NAMESPACE, name)
    if isinstance(trusted, Namespace):
        draft.put(replace(trusted, rights_revision=draft.revision + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNamespacePool:
    """Set the pool that a namespace's addresses come from where none is named; an empty one: no pool of its own."""

    namespace: str
    pool_ref: str

    def decide(self, draft: Draft, context: Context) -> Namespace:
        """Return the namespace with its pool; what it holds of another pool stays."""
        namespace = lookup.namespace(draft, context.caller, self.namespace)
        pool = lookup.pool(draft, self.pool_ref).uuid if self.pool_ref else None
        return namespace if pool == namespace.default_pool else draft.put(replace(namespace, default_pool=pool))


def _forget_deleted(draft: Draft, namespace: str) -> None:
    """Forget what of a namespace is deleted and confirmed, so that nobody who takes its name finds it."""
    for key in list(draft.find(Kind.INTERFACE, "namespace", namespace)):
        interface = draft.get(Kind.INTERFACE, key)
        if isinstance(interface, Interface) and not interface.bound:
            draft.forget(interface)
    for kind in (Kind.INSTANCE, Kind.NETWORK):
        for key in list(draft.find(kind, "namespace", namespace)):
            owned = draft.get(kind, key)
            if isinstance(owned, Instance | Network) and owned.state == "deleted":
                draft.forget(owned)
