"""A real grpc server with small servicers over the scripted world."""

# ruff: noqa: N802, ARG002  names and arguments are those of the generated servicers

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import grpc
from buoy.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    event_pb2,
    explain_pb2,
    instance_pb2,
    instance_pb2_grpc,
    interface_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
    node_pb2,
    node_pb2_grpc,
    pool_pb2,
    pool_pb2_grpc,
)
from buoy.v1 import interface_pb2 as pb
from google.rpc import code_pb2

from tests.clients.scripted_contract import Contract
from tests.clients.scripted_world import CLUSTER_CHANGED, COMPACTED, UNAVAILABLE, World, rich_error, to_status

Context = grpc.ServicerContext


class Interfaces(interface_pb2_grpc.InterfaceServiceServicer):
    """InterfaceService, as far as the clients' tests need it."""

    def __init__(self, world: World) -> None:
        """Take the world."""
        self.world = world

    def GetInterface(self, request: pb.GetInterfaceRequest, context: Context) -> pb.Interface:
        """Answer from the world."""
        self.world.enter("GetInterface", context)
        return self.world.find(request.interface_uuid, context)

    def ExplainInterface(self, request: explain_pb2.ExplainInterfaceRequest, context: Context) -> pb.ExplainInterfaceResponse:
        """Explain one interface: the node's agent has answered, and an element is gone."""
        interface = self.GetInterface(pb.GetInterfaceRequest(interface_uuid=request.interface_uuid), context)
        ok, broken = explain_pb2.PATH_LINK_STATE_OK, explain_pb2.PATH_LINK_STATE_BROKEN
        rules, element = explain_pb2.PATH_LINK_RULES, explain_pb2.PATH_LINK_FLOATING_TO_FIXED
        links = [
            explain_pb2.ExplainedLink(link=rules, state=ok, title="rules", seen="8 rules"),
            explain_pb2.ExplainedLink(link=element, state=broken, title="element", wrong="it is gone\x1b[2J", advice="wait"),
            explain_pb2.ExplainedLink(link=explain_pb2.PATH_LINK_NIC, state=explain_pb2.PATH_LINK_STATE_UNKNOWN, title="NIC"),
        ]
        traffic = explain_pb2.Traffic(packets=3, bytes=4096)
        explanation = explain_pb2.Explanation(
            links=links, broken=element, summary="element: it is gone", advice="wait", node={"name": "n1", "connected": True}
        )
        explanation.examination.CopyFrom(explain_pb2.Examination(incoming=traffic, outgoing=traffic, incoming_flows=2))
        return pb.ExplainInterfaceResponse(interface=interface, explanation=explanation)

    def CreateInterface(self, request: pb.CreateInterfaceRequest, context: Context) -> pb.Interface:
        """Plug one in."""
        self.world.enter("CreateInterface", context)
        return self.world.plug(request.instance_ref)

    def ListInterfaces(self, request: pb.ListInterfacesRequest, context: Context) -> pb.ListInterfacesResponse:
        """Answer two a page."""
        self.world.enter("ListInterfaces", context)
        uuids = sorted(self.world.interfaces)
        start = uuids.index(request.page_token) if request.page_token else 0
        page, rest = uuids[start : start + 2], uuids[start + 2 :]
        interfaces = [self.world.interfaces[item] for item in page]
        return pb.ListInterfacesResponse(
            interfaces=interfaces,
            next_page_token=rest[0] if rest else "",
            revision=self.world.revision,
            cluster_id=self.world.cluster_id,
        )

    def DeleteInterface(self, request: pb.DeleteInterfaceRequest, context: Context) -> pb.Interface:
        """Delete; the node confirms a moment later."""
        self.world.enter("DeleteInterface", context)
        interface = pb.Interface()
        interface.CopyFrom(self.world.find(request.interface_uuid, context))
        interface.state, interface.generation = pb.INTERFACE_STATE_DELETED, interface.generation + 1
        asked = self.world.commit(interface, pb.INTERFACE_EVENT_TYPE_DELETED, "DeleteInterface")
        interface.observed_generation = interface.generation
        interface.ClearField("floating")
        self.world.commit(interface, pb.INTERFACE_EVENT_TYPE_DELETED, "ReportNode")
        return asked

    def FloatInterface(self, request: pb.FloatInterfaceRequest, context: Context) -> pb.Interface:
        """Float; what the node answers is scripted."""
        self.world.enter("FloatInterface", context)
        interface = pb.Interface()
        interface.CopyFrom(self.world.find(request.interface_uuid, context))
        interface.floating.address = request.address or "192.168.20.17"
        interface.floating.pool = request.pool or "7b0c24f5-3a4e-4c52-9d0e-6f7d1f3f1c11"
        interface.floating.phase = pb.FLOATING_PHASE_PENDING
        interface.floating.requested_time.GetCurrentTime()
        pending = self.world.update(interface, "FloatInterface")
        self.world.on_float(pending)
        return pending

    def DefloatInterface(self, request: pb.DefloatInterfaceRequest, context: Context) -> pb.Interface:
        """Defloat; the node confirms at once."""
        self.world.enter("DefloatInterface", context)
        interface = pb.Interface()
        interface.CopyFrom(self.world.find(request.interface_uuid, context))
        interface.floating.phase = pb.FLOATING_PHASE_RELEASING
        releasing = self.world.update(interface, "DefloatInterface")
        interface.ClearField("floating")
        self.world.update(interface)
        return releasing

    def GetInterfaceMetadata(
        self, request: pb.GetInterfaceMetadataRequest, context: Context
    ) -> pb.GetInterfaceMetadataResponse:
        """Answer from the world."""
        return pb.GetInterfaceMetadataResponse(metadata=self.world.find(request.interface_uuid, context).metadata)

    def SetInterfaceMetadataItem(self, request: pb.SetInterfaceMetadataItemRequest, context: Context) -> pb.Interface:
        """Set one key."""
        self.world.enter("SetInterfaceMetadataItem", context)
        interface = pb.Interface()
        interface.CopyFrom(self.world.find(request.interface_uuid, context))
        interface.metadata[request.key].CopyFrom(request.value)
        return self.world.update(interface)

    def DeleteInterfaceMetadataItem(self, request: pb.DeleteInterfaceMetadataItemRequest, context: Context) -> pb.Interface:
        """Delete one key."""
        interface = pb.Interface()
        interface.CopyFrom(self.world.find(request.interface_uuid, context))
        interface.metadata.pop(request.key, None)
        return self.world.update(interface)

    def ListInterfaceEvents(self, request: pb.ListInterfaceEventsRequest, context: Context) -> pb.ListInterfaceEventsResponse:
        """Answer one float."""
        changes = [event_pb2.Change(property="floating.phase", after="pending"), event_pb2.Change(property="metadata.owner")]
        event = event_pb2.Event(revision=4, method="FloatInterface", actor="blue", message="floats", changes=changes)
        event.time.FromJsonString("2026-11-23T12:00:00Z")
        event.type, event.request_id = event_pb2.EVENT_TYPE_AUDIT, "7b0c24f5-3a4e-4c52-9d0e-6f7d1f3f1c11"
        return pb.ListInterfaceEventsResponse(events=[event])

    def WatchInterface(self, request: pb.WatchInterfaceRequest, context: Context) -> Iterator[pb.WatchInterfaceResponse]:
        """Stream as the contract says, or as the faults say."""
        world = self.world
        with world.changed:
            world.requests.append(request)
            epoch, position = world.epoch, request.start_revision  # before anybody knows of it, who may then break it
        world.enter("WatchInterface", context)
        if position and request.cluster_id not in ("", world.cluster_id):
            context.abort_with_status(to_status(CLUSTER_CHANGED))
        if position and position < world.oldest:
            context.abort_with_status(to_status(COMPACTED))
        yield pb.WatchInterfaceResponse(revision=max(position - 1, 0), cluster_id=world.cluster_id)
        if not position:
            with world.changed:
                position = world.revision + 1
                snapshot = [item for item in world.interfaces.values() if item.state != pb.INTERFACE_STATE_DELETED]
            for item in snapshot:
                event = pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=item, revision=item.revision)
                yield pb.WatchInterfaceResponse(events=[event])
            yield pb.WatchInterfaceResponse(synced=True, revision=position - 1)
        interval = request.progress_interval.ToTimedelta().total_seconds()
        while context.is_active():
            with world.changed:
                woken = world.wait_for_news(position, epoch, interval)
                if world.epoch != epoch:
                    context.abort_with_status(to_status(UNAVAILABLE))
                events = world.events[position - 1 :]
            position += len(events)
            wanted = [event for event in events if request.interface_uuid in ("", event.interface.uuid)]
            if (woken or not world.silent) and not (world.silent and not wanted):
                yield pb.WatchInterfaceResponse(events=wanted, revision=position - 1)


class Instances(instance_pb2_grpc.InstanceServiceServicer):
    """InstanceService: an instance is CREATED at the second look."""

    def __init__(self, world: World) -> None:
        """Take the world."""
        self.world = world
        self.instances: dict[str, instance_pb2.Instance] = {}

    def CreateInstance(self, request: instance_pb2.CreateInstanceRequest, context: Context) -> instance_pb2.Instance:
        """Create one with its interfaces."""
        self.world.enter("CreateInstance", context)
        instance = instance_pb2.Instance(
            uuid=str(uuid.uuid4()),
            name=request.name,
            namespace=request.namespace or "system",
            node=request.node or "n1",
            driver=request.driver,
            state=instance_pb2.INSTANCE_STATE_CREATING,
        )
        self.instances[instance.uuid] = instance
        for _ in request.interfaces:
            self.world.plug(instance.uuid)
        answer = instance_pb2.Instance()
        answer.CopyFrom(instance)
        instance.state = instance_pb2.INSTANCE_STATE_CREATED
        return answer

    def _find(self, ref: str, context: Context) -> instance_pb2.Instance:
        found = [item for item in self.instances.values() if ref in (item.uuid, item.name)]
        if not found:
            context.abort_with_status(
                to_status(rich_error(code_pb2.NOT_FOUND, "INSTANCE_NOT_FOUND", f"instance {ref} not found"))
            )
        return found[0]

    def GetInstance(self, request: instance_pb2.GetInstanceRequest, context: Context) -> instance_pb2.Instance:
        """Answer by uuid or name."""
        self.world.enter("GetInstance", context)
        return self._find(request.instance_ref, context)

    def ListInstances(self, request: instance_pb2.ListInstancesRequest, context: Context) -> instance_pb2.ListInstancesResponse:
        """Answer all."""
        return instance_pb2.ListInstancesResponse(instances=self.instances.values())

    def ListInstanceInterfaces(
        self, request: instance_pb2.ListInstanceInterfacesRequest, context: Context
    ) -> instance_pb2.ListInstanceInterfacesResponse:
        """Answer those of one instance, one a page."""
        owner = self._find(request.instance_ref, context).uuid
        found = [item for item in self.world.interfaces.values() if item.instance_uuid == owner]
        page = int(request.page_token or 0)
        token = str(page + 1) if page + 1 < len(found) else ""
        return instance_pb2.ListInstanceInterfacesResponse(interfaces=found[page : page + 1], next_page_token=token)

    def DeleteInstance(self, request: instance_pb2.DeleteInstanceRequest, context: Context) -> instance_pb2.Instance:
        """Delete; it is gone at the next look."""
        instance = self._find(request.instance_ref, context)
        instance.state = instance_pb2.INSTANCE_STATE_DELETED
        answer = instance_pb2.Instance()
        answer.CopyFrom(instance)
        answer.state = instance_pb2.INSTANCE_STATE_DELETE_WAIT
        return answer


class Networks(network_pb2_grpc.NetworkServiceServicer):
    """NetworkService with networks that are ready at once."""

    def __init__(self) -> None:
        """Start empty."""
        self.networks: dict[str, network_pb2.Network] = {}

    def CreateNetwork(self, request: network_pb2.CreateNetworkRequest, context: Context) -> network_pb2.Network:
        """Create one."""
        network = network_pb2.Network(
            uuid=str(uuid.uuid4()),
            name=request.name,
            namespace=request.namespace or "system",
            netblock=request.netblock,
            provide_nat=request.provide_nat,
            state=network_pb2.NETWORK_STATE_CREATED,
        )
        self.networks[network.name] = network
        return network

    def GetNetwork(self, request: network_pb2.GetNetworkRequest, context: Context) -> network_pb2.Network:
        """Answer by uuid or name."""
        return next(item for item in self.networks.values() if request.network_ref in (item.uuid, item.name))

    def ListNetworks(self, request: network_pb2.ListNetworksRequest, context: Context) -> network_pb2.ListNetworksResponse:
        """Answer all."""
        return network_pb2.ListNetworksResponse(networks=self.networks.values())

    def DeleteNetwork(self, request: network_pb2.DeleteNetworkRequest, context: Context) -> network_pb2.Network:
        """Delete; it is gone at the next look."""
        network = self.networks[request.network_ref]
        network.state = network_pb2.NETWORK_STATE_DELETED
        answer = network_pb2.Network()
        answer.CopyFrom(network)
        answer.state = network_pb2.NETWORK_STATE_DELETE_WAIT
        return answer


class Pools(pool_pb2_grpc.PoolServiceServicer):
    """PoolService with fixed usage."""

    def __init__(self) -> None:
        """Start empty."""
        self.pools: dict[str, pool_pb2.Pool] = {}

    def CreatePool(self, request: pool_pb2.CreatePoolRequest, context: Context) -> pool_pb2.Pool:
        """Create one."""
        usage = pool_pb2.PoolUsage(size=256, free=250, in_use=2, reserved=3, quarantined=1)
        pool = pool_pb2.Pool(uuid=str(uuid.uuid4()), name=request.name, ranges=request.ranges, usage=usage)
        pool.exclusions.extend(request.exclusions)
        pool.quarantine.CopyFrom(request.quarantine)
        self.pools[pool.name] = pool
        return pool

    def GetPool(self, request: pool_pb2.GetPoolRequest, context: Context) -> pool_pb2.Pool:
        """Answer by name."""
        return self.pools[request.pool_ref]

    def ListPools(self, request: pool_pb2.ListPoolsRequest, context: Context) -> pool_pb2.ListPoolsResponse:
        """Answer all."""
        return pool_pb2.ListPoolsResponse(pools=self.pools.values())

    def DeletePool(self, request: pool_pb2.DeletePoolRequest, context: Context) -> pool_pb2.Pool:
        """Delete by name."""
        return self.pools.pop(request.pool_ref)

    def ListAddresses(self, request: pool_pb2.ListAddressesRequest, context: Context) -> pool_pb2.ListAddressesResponse:
        """Answer one that floats."""
        floating = pool_pb2.Reservation(address="192.168.20.17", type=pool_pb2.RESERVATION_TYPE_FLOATING, owner="someone")
        return pool_pb2.ListAddressesResponse(addresses=[floating])


class Nodes(node_pb2_grpc.NodeServiceServicer):
    """NodeService with one node."""

    node = node_pb2.Node(name="n1", state=node_pb2.NODE_STATE_CREATED, connected=True, agent_version="0.1.0", interfaces=2)

    def ListNodes(self, request: node_pb2.ListNodesRequest, context: Context) -> node_pb2.ListNodesResponse:
        """Answer the one."""
        return node_pb2.ListNodesResponse(nodes=[self.node])

    def GetNode(self, request: node_pb2.GetNodeRequest, context: Context) -> node_pb2.Node:
        """Answer the one."""
        return self.node


class Admin(admin_pb2_grpc.AdminServiceServicer):
    """AdminService of a server that holds history from revision 7 on."""

    def GetServer(self, request: admin_pb2.GetServerRequest, context: Context) -> admin_pb2.ServerInfo:
        """Answer what a server might."""
        return admin_pb2.ServerInfo(
            version="0.1.0", cluster_id="first", revision=42, compact_revision=7, interfaces=2, watches=3
        )

    def CompactLedger(self, request: admin_pb2.CompactLedgerRequest, context: Context) -> admin_pb2.CompactLedgerResponse:
        """Answer that it was done."""
        return admin_pb2.CompactLedgerResponse(compact_revision=request.revision or 7)


class ScriptedServer:
    """The server on a unix socket; it can stop and start again with the same world."""

    def __init__(self, target: str) -> None:
        """Take where to listen."""
        self.target = target
        self.world = World()
        # What is not scripted answers UNIMPLEMENTED.
        self._servicers = Interfaces(self.world), Instances(self.world), Networks(), Pools(), Nodes(), Admin()  # type: ignore[abstract]
        self._server: grpc.Server | None = None

    def start(self) -> Self:
        """Listen."""
        server = grpc.server(ThreadPoolExecutor(32), interceptors=[Contract(self.world)])
        interfaces, instances, networks, pools, nodes, admin = self._servicers
        interface_pb2_grpc.add_InterfaceServiceServicer_to_server(interfaces, server)
        instance_pb2_grpc.add_InstanceServiceServicer_to_server(instances, server)
        network_pb2_grpc.add_NetworkServiceServicer_to_server(networks, server)
        pool_pb2_grpc.add_PoolServiceServicer_to_server(pools, server)
        node_pb2_grpc.add_NodeServiceServicer_to_server(nodes, server)
        admin_pb2_grpc.add_AdminServiceServicer_to_server(admin, server)
        server.add_insecure_port(self.target)
        server.start()
        self._server = server
        return self

    def stop(self) -> None:
        """Stop at once; open calls end."""
        if self._server is not None:
            self.world.break_streams()
            self._server.stop(0.2).wait()
            self._server = None

    def __enter__(self) -> Self:
        """Listen."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop."""
        self.stop()
