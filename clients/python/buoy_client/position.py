"""How far the servers' answers have brought a client: its reads ask for no less, on whichever server of the cluster."""

import threading

from google.protobuf.message import Message

from buoy_client.errors import BuoyError


class Position:
    """The highest revision that a client was told, and the cluster that it is of; for any thread."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self.cluster_id = ""
        self.revision = 0
        self._lock = threading.Lock()

    def ask(self, request: Message) -> None:
        """Set the least revision of a read."""
        if "min_revision" in request.DESCRIPTOR.fields_by_name:
            request.min_revision = self.revision  # type: ignore[attr-defined]  # as the descriptor says

    def told(self, cluster_id: str, answer: Message) -> None:
        """Take an answer in; revisions of another cluster mean nothing in this one."""
        revision = getattr(answer, "revision", 0)
        with self._lock:
            same = not cluster_id or self.cluster_id in ("", cluster_id)
            self.revision = max(self.revision, revision) if same else revision
            self.cluster_id = cluster_id or self.cluster_id

    def overtaken(self, request: Message, error: BuoyError) -> bool:
        """Whether a read was refused for a revision of another cluster (as from before a restore); that is then forgotten."""
        if error.reason != "REVISION_IN_FUTURE" or not getattr(request, "min_revision", 0):
            return False
        with self._lock:
            if error.cluster_id and error.cluster_id == self.cluster_id:
                return False
            self.cluster_id, self.revision = error.cluster_id, 0
        return True
