"""A small world out of network namespaces with the real programs in it: `make lab` and `make demo`."""
