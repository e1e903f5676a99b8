"""What people see of namespaces and their keys, as `views` has it for the other objects."""

from rich.text import Text

from buoy_client.cli import views
from buoy_client.cli.tables import Column
from buoy_client.cli.words import ago, plain_text
from buoy_client.models import Namespace, NamespaceKey, NamespaceQuota

NAMESPACES: list[Column[Namespace]] = [
    Column("NAME", lambda it: plain_text(it.name)),
    Column("KEYS", lambda it: plain_text(len(it.keys)), 1),
    Column("TRUSTS", lambda it: plain_text(", ".join(it.trusts)), 2),
    Column("MAY USE", lambda it: plain_text(quota_words(it.quota)), 3),
    Column("CHANGED", lambda it: ago(it.update_time, views.now()), 4),
]
KEYS: list[Column[NamespaceKey]] = [
    Column("KEY", lambda it: plain_text(it.name)),
    Column("FOR", lambda it: plain_text(f"agent of {it.node}" if it.node else "everything")),
]


def quota_words(quota: NamespaceQuota) -> str:
    """Give limits in words."""
    limits = {
        "interfaces": quota.interfaces,
        "floats": quota.floats,
        "addresses": quota.addresses,
        "bytes of metadata": quota.metadata_bytes,
    }
    return ", ".join(f"{limit} {what}" for what, limit in limits.items() if limit) or "without limit"


def namespace_fields(it: Namespace) -> views.Fields:
    """Give the page of a namespace."""
    keys = [f"{key.name} (agent of {key.node})" if key.node else key.name for key in it.keys]
    return [
        ("name", plain_text(it.name)),
        ("keys", plain_text(", ".join(keys))),
        ("trusts", plain_text(", ".join(it.trusts))),
        ("may use", plain_text(quota_words(it.quota))),
        ("pool", plain_text(it.default_pool or "the oldest that does not drain")),
        ("metadata", views.metadata_field(it.metadata)),
        ("created", ago(it.create_time, views.now())),
        ("changed", Text.assemble(ago(it.update_time, views.now()), (f" (revision {it.revision})", "dim"))),
    ]
