"""The agent's rules: what should be, what is, and the difference. No IO, no clock, no randomness."""
