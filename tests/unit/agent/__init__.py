"""The agent's rules without a kernel."""
