"""The clients against a real grpc server."""
