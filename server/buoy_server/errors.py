"""What keeps a server from starting, in words for the operator."""


class ListenError(Exception):
    """A target that cannot be served."""
