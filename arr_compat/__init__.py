"""The two emulations that Lidarr and Prowlarr talk to: a Newznab indexer and a SABnzbd client.

They translate between HTTP and the services and mean nothing themselves. Codecs (`nzb`, `feeds`,
`slots`, `status`, `units`) are pure; `newznab` and `sabnzbd` are the routes, `root` is both of them
under one address.
"""

from __future__ import annotations

from flask import Flask

from soulspot_arr import __version__

SOULSPOT_ARR = __version__


def register(app: Flask) -> None:
    """Add both emulations; services are expected in `app.extensions["soulspot"]`."""
    from arr_compat import newznab, root, sabnzbd

    app.register_blueprint(newznab.blueprint, url_prefix="/newznab")
    app.register_blueprint(sabnzbd.blueprint, url_prefix="/sabnzbd")
    app.register_blueprint(root.blueprint)
