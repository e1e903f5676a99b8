"""Commands on instances: create with interfaces, delete with them."""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.metadata import MAX_VALUE, json_size, refuse_too_large
from buoy_server.core.commands.namespaces import ensure_namespace
from buoy_server.core.commands.networks import CreateNetwork
from buoy_server.core.commands.plug import InterfaceSpec, plug, settle_instance, unplug
from buoy_server.core.model import Driver, Instance, InstanceId, Metadata, Node
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import INSTANCE_MOVES, InstanceState, move

DEFAULT_NETWORK = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInstance:
    """Create an instance with its interfaces, all or nothing; `connected` are the nodes to choose from where none is named."""

    name: str
    namespace: str
    node: str
    driver: Driver
    interfaces: tuple[InterfaceSpec, ...]
    connected: tuple[str, ...] = ()
    attributes: Metadata = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    default_netblock: IPv4Network | None = None

    def decide(self, draft: Draft, context: Context) -> Instance:
        """Return the new instance, CREATING until its node has all its NICs."""
        namespace = ensure_namespace(draft, context.caller, self.namespace)
        if draft.find(Kind.INSTANCE, "name", (namespace, self.name)):
            raise errors.NameInUse(f"namespace {namespace} has an instance named {self.name}", field="name")
        instance = draft.put(
            Instance(
                uuid=InstanceId(context.new_uuid()),
                namespace=namespace,
                name=self.name,
                node=self._place(draft),
                driver=self.driver,
                state=InstanceState.CREATING,
                metadata=self.metadata,
                attributes=self.attributes,
            )
        )
        refuse_too_large(draft, namespace, self.metadata, field="metadata")
        if json_size(dict(self.attributes)) > MAX_VALUE:
            raise errors.MetadataTooLarge(f"attributes are larger than {MAX_VALUE >> 10} KiB", field="attributes")
        for order, spec in enumerate(self.interfaces or self._default(draft, context, namespace)):
            plug(draft, context, instance, spec, order)
        return settle_instance(draft, instance)

    def _default(self, draft: Draft, context: Context, namespace: str) -> tuple[InterfaceSpec, ...]:
        """Return an interface on the namespace's default network, which is made on first need."""
        if self.default_netblock is None:
            return ()
        if not draft.find(Kind.NETWORK, "name", (namespace, DEFAULT_NETWORK)):
            CreateNetwork(name=DEFAULT_NETWORK, namespace=namespace, netblock=self.default_netblock, provide_nat=True).decide(
                draft, context
            )
        return (InterfaceSpec(network_ref=DEFAULT_NETWORK),)

    def _place(self, draft: Draft) -> str:
        if self.node:
            return refuse_drained(lookup.node(draft, self.node)).name
        known = [node for name in self.connected if isinstance(node := draft.get(Kind.NODE, name), Node)]
        if not known:
            raise errors.NoNode("no node is connected: start a buoy-agent, or name a node", field="node")
        open_to_all = [node.name for node in known if not node.drain]
        if not open_to_all:
            raise errors.NoNode("every connected node is drained: undrain one, or start an agent on another", field="node")
        return min(open_to_all, key=lambda name: (draft.count(Kind.INSTANCE, "live_node", name), name))


def refuse_drained(node: Node) -> Node:
    """Return a node on which something may be placed, or raise NotReady."""
    if node.drain:
        raise errors.NotReady(f"node {node.name} is drained: nothing new is placed there; undrain it first", field="node")
    return node


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInstance:
    """Delete an instance and its interfaces."""

    instance_ref: str
    namespace: str

    def decide(self, draft: Draft, context: Context) -> Instance:
        """Return the instance, DELETE_WAIT until its node has nothing of it any more."""
        instance = lookup.instance(draft, context.caller, self.instance_ref, self.namespace)
        if not instance.live:
            return instance
        for interface in lookup.live_interfaces(draft, instance):
            unplug(draft, interface)
        state = move(INSTANCE_MOVES, instance.state, InstanceState.DELETE_WAIT)
        return settle_instance(draft, draft.put(replace(instance, state=state)))
