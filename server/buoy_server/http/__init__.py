"""The HTTP port: the paths of Shaken Fist's REST API over the RPCs of `buoy.v1`, so that its client works as it is.

A row of `table.py` is a path, the RPCs it may call and how they are shown. There are no rules here: who may do what, and what
comes of it, is decided where gRPC's calls are decided.
"""
