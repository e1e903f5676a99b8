"""The only part that touches the kernel: netlink, namespaces, sysctls, raw sockets."""
