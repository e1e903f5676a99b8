"""How calls reach the server: one port, with a blocking and an asyncio implementation. Only here is grpc imported."""

from buoy_client.transport.port import Pause, Transport, WatchStream

__all__ = ["Pause", "Transport", "WatchStream"]
