"""What the tests stand on: namespaces, traffic, waiting."""
