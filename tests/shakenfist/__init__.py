"""Shaken Fist's own client, as it is published, against the HTTP port of a real server with a real agent."""
