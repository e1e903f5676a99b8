"""Metadata: keys and values of the owner, the same for every kind of object."""

import json
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from buoy_server.core import errors, quotas
from buoy_server.core.command import Context
from buoy_server.core.model import Instance, Interface, Json, Metadata, Namespace, Network
from buoy_server.core.state import Draft

MAX_VALUE = 64 << 10
MAX_OBJECT = 256 << 10

Owner = TypeVar("Owner", Interface, Instance, Network, Namespace)
Owner_co = TypeVar("Owner_co", bound=Interface | Instance | Network | Namespace, covariant=True)


class Find(Protocol[Owner_co]):
    """Finds the object within what the caller may see, or raises NotFound or NotReady."""

    def __call__(self, draft: Draft, context: Context) -> Owner_co:
        """Return the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadataItem(Generic[Owner]):
    """Set one metadata key."""

    find: Find[Owner]
    key: str
    value: Json

    def decide(self, draft: Draft, context: Context) -> Owner:
        """Return the object with the key set; the same value again changes nothing."""
        owner = self.find(draft, context)
        metadata = {**owner.metadata, self.key: self.value}
        if metadata == owner.metadata:
            return owner
        refuse_too_large(draft, _namespace_of(owner), metadata, self.key)
        return draft.put(replace(owner, metadata=metadata))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMetadataItem(Generic[Owner]):
    """Delete one metadata key."""

    find: Find[Owner]
    key: str

    def decide(self, draft: Draft, context: Context) -> Owner:
        """Return the object without the key; an absent key changes nothing."""
        owner = self.find(draft, context)
        if self.key not in owner.metadata:
            return owner
        kept = {key: value for key, value in owner.metadata.items() if key != self.key}
        return draft.put(replace(owner, metadata=kept))


def refuse_too_large(draft: Draft, namespace: str, metadata: Metadata, key: str | None = None, field: str = "value") -> None:
    """Raise MetadataTooLarge or QuotaExceeded for metadata beyond its limits; `key` is the one that is new."""
    for name in metadata if key is None else (key,):
        if json_size(metadata[name]) > MAX_VALUE:
            raise errors.MetadataTooLarge(f"the value of {name} is larger than {MAX_VALUE >> 10} KiB", field=field)
    size = json_size(dict(metadata))
    if size > MAX_OBJECT:
        raise errors.MetadataTooLarge(f"all metadata together is larger than {MAX_OBJECT >> 10} KiB", field=field)
    quotas.check_metadata(draft, namespace, size)


def json_size(value: object) -> int:
    """Return the bytes that a value takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))


def _namespace_of(owner: Interface | Instance | Network | Namespace) -> str:
    return owner.name if isinstance(owner, Namespace) else owner.namespace
