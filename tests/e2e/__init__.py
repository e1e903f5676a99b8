"""The promises of the whole, each a test, with the real programs in a world of namespaces."""
