"""The agent on a real kernel, in throw-away namespaces."""
