"""Objects of the core to and from the messages of `buoy.v1`, and to and from bytes."""
