"""The Hub's side of the proxy, with routes to services that listen on Unix sockets."""

from __future__ import annotations

from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import TraitError, validate


class SocketProxy(ConfigurableHTTPProxy):
    """With routes to Unix sockets, which the proxy serves and the Hub's own configuration of it does not accept."""

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        for route, target in proposal.value.items():
            if route.startswith("/") or not route.endswith("/") or not target.startswith("http+unix://"):
                raise TraitError("a route is a host and a path that ends with a slash; it leads to a Unix socket")
        return dict(proposal.value)
