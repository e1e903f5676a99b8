"""One module a topic: the commands, each a value that decides what changes."""
