"""The Python client's pure parts."""
