"""The rules of the control plane: pure, without IO, clock or randomness of its own."""
