"""gRPC: one file a service, each handler a check, a call and a conversion."""
