"""The node agent of Buoy: programs floating addresses in the Linux kernel."""

from importlib.metadata import version

__version__ = version("buoy-agent")
