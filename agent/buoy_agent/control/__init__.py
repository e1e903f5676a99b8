"""The commands beside running: what the agent is asked over its socket, and what is done to a node without one."""
