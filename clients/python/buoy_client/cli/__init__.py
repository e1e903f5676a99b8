"""The command line `buoy`, thin over the SDK."""

from buoy_client.cli.app import app, main

__all__ = ["app", "main"]
