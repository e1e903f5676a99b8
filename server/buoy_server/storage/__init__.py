"""Durable storage through SQLAlchemy Core: the ledger, and the current state of every object."""
