"""Names and MACs that follow from a network's uuid: whoever knows the gateway of a network knows it on every node."""

from buoy_agent.core.spec import NetworkId

_OUTER = "buoy-"


def outer_name(network: NetworkId) -> str:
    """The host's end of a network's veth; 15 characters are the limit."""
    return f"{_OUTER}{_digits(network)}"


def is_outer_name(name: str) -> bool:
    """Whether a link of that name may be the host's end of a network's veth."""
    return name.startswith(_OUTER)


def bridge_mac(network: NetworkId) -> str:
    """The MAC of a network's gateway."""
    return _mac("0e", network)


def inner_mac(network: NetworkId) -> str:
    """The MAC of the veth's end in the network."""
    return _mac("0a", network)


def outer_mac(network: NetworkId) -> str:
    """The MAC of the veth's end in the host namespace."""
    return _mac("06", network)


def _mac(first: str, network: NetworkId) -> str:
    """A locally administered MAC from the network's uuid."""
    return bytes.fromhex(first + _digits(network)).hex(":")


def _digits(network: NetworkId) -> str:
    return network.replace("-", "")[:10]
