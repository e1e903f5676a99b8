"""The route table. Routing, the description and the policy of each route come from it.

A route's policy is that of the RPCs it calls; those without one are public, and are these three.
"""

from buoy_server.http import artifacts, events, instances, interfaces, metadata, namespaces, networks, nodes, root
from buoy_server.http.route import Route

PUBLIC = frozenset({"/", "/openapi.json", "/docs"})


def table() -> tuple[Route, ...]:
    """Return all routes."""
    return ROUTES


ROUTES: tuple[Route, ...] = (
    *root.routes(table),
    *interfaces.ROUTES,
    *instances.ROUTES,
    *networks.ROUTES,
    *events.ROUTES,
    *metadata.ROUTES,
    *namespaces.ROUTES,
    *nodes.ROUTES,
    *artifacts.ROUTES,
)
