"""What the root page says that this server can do: Shaken Fist's client looks for these texts in it.

Not here, though the client knows of them: `network-delete-async` (deleting a network would answer with an operation to poll),
`extra-dns-entries`, `node-metadata`, and all that is of disks, consoles and agents inside of instances.
"""

from collections.abc import Mapping

# Each with what the client does only where it finds it.
CAPABILITIES: Mapping[str, str] = {
    "interface-metadata": "reads and changes the metadata of interfaces",
    "events-by-type": "asks for events of one type, or for a number of them",
    "get-instance-namespace": "names the namespace that an instance's name is looked up in",
    "get-network-namespace": "names the namespace that a network's name is looked up in",
    "list-addresses": "lists the addresses of a network",
    "route-addresses": "routes addresses of a pool into networks, and back",
    "node-get": "shows one node",
    "provide-dns": "asks for a network whose orchestrator serves DNS, which is kept and shown",
    "hot-plug-interface": "plugs one more interface into an instance",
}
