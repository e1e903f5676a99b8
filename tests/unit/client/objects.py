"""Objects for tests, whole and the same every time."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from buoy.v1 import interface_pb2 as pb
from buoy_client import (
    Floating,
    FloatingPhase,
    Interface,
    InterfaceState,
    Network,
    NetworkState,
    Pool,
    PoolUsage,
)

UUID = "b1981e81-b37a-4176-ba37-b61bc7208012"
TIME = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def floating(phase: FloatingPhase = FloatingPhase.ACTIVE, reason: str = "") -> Floating:
    """A floating address, active after 4 ms."""
    active = TIME + timedelta(milliseconds=4) if phase is FloatingPhase.ACTIVE else None
    return Floating(IPv4Address("192.168.20.17"), "p", phase, reason, TIME, active, 1, 1)


def interface(float_: Floating | None = None, state: InterfaceState = InterfaceState.CREATED, reason: str = "") -> Interface:
    """An interface on node n1."""
    return Interface(
        uuid=UUID,
        namespace="system",
        instance_uuid="d512e9f5-98d6-4c36-8520-33b6fc6de15f",
        network_uuid="6aaaf243-0406-41a1-aa13-5d79a0b8672d",
        node="n1",
        macaddr="02:00:00:73:18:66",
        ipv4=IPv4Address("10.0.0.6"),
        order=0,
        model="virtio",
        state=state,
        state_reason=reason,
        floating=float_,
        metadata={"tags": ["a", 1]},
        version=3,
        revision=42,
        create_time=TIME,
        update_time=TIME,
        generation=2,
        observed_generation=2,
    )


def network() -> Network:
    """A network that is created."""
    return Network(
        uuid="6aaaf243-0406-41a1-aa13-5d79a0b8672d",
        namespace="system",
        name="blue",
        netblock=IPv4Network("10.0.0.0/24"),
        provide_nat=True,
        state=NetworkState.CREATED,
        state_reason="",
        floating_gateways=(),
        metadata={},
        revision=3,
        create_time=TIME,
        update_time=TIME,
        vxid=7,
        provide_dhcp=False,
        provide_dns=False,
        routed_addresses=(),
        routed_generation=0,
    )


def pool(in_use: int = 2, free: int = 250, quarantined: int = 1) -> Pool:
    """A pool of 256 addresses, three of them reserved."""
    usage = PoolUsage(256, free, in_use, 3, quarantined)
    return Pool(UUID, "public", ("192.168.20.0/24",), (), timedelta(minutes=5), usage, 1, TIME, TIME)


def message(uuid: str, revision: int, state: "pb.InterfaceState" = pb.INTERFACE_STATE_CREATED) -> pb.Interface:
    """An interface as the server sends it."""
    return pb.Interface(uuid=uuid, revision=revision, state=state)
