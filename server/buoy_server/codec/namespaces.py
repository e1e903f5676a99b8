"""How a namespace is stored: as JSON, with the hashes of its keys, which its message in the contract does not have."""

import json
from dataclasses import asdict
from datetime import datetime

from buoy_server.core.model import Namespace, NamespaceKey, Quota


def pack_namespace(namespace: Namespace) -> bytes:
    """Serialize a namespace."""
    fields = asdict(namespace)
    for name in ("create_time", "update_time"):
        fields[name] = fields[name].isoformat() if fields[name] else None
    return json.dumps(fields, separators=(",", ":")).encode()


def unpack_namespace(packed: bytes) -> Namespace:
    """Return the namespace that `pack_namespace` serialized."""
    fields = json.loads(packed)
    for name in ("create_time", "update_time"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
    fields["keys"] = tuple(NamespaceKey(**key) for key in fields["keys"])
    fields["trusts"] = tuple(fields["trusts"])
    fields["quota"] = Quota(**fields["quota"])
    return Namespace(**fields)
