"""The front door: the only module that sees every room. `create_app` starts no thread."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

import arr_compat
import blueprints
from soulspot_arr import __version__, gate
from soulspot_arr.errors import ConfigError
from soulspot_arr.services import Services

log = logging.getLogger(__name__)

# Lidarr's largest NZB of ours is a few kilobytes; a foreign one for an album a few megabytes.
MAX_UPLOAD = 16 * 1024 * 1024


def create_app(services: Services) -> Flask:
    """Build the web application around services that are already there."""
    _check_identity()
    app = Flask("soulspot_arr", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=MAX_UPLOAD,
        PROPAGATE_EXCEPTIONS=False,
        SECRET_KEY=services.config.secret_key,
    )
    app.extensions[gate.EXTENSION] = services
    app.url_map.strict_slashes = False  # Lidarr does not follow redirects here (lidarr §1.1)
    arr_compat.register(app)
    blueprints.register(app)
    app.add_url_rule("/ping", "soulspot.ping", _ping)
    app.add_url_rule("/", "soulspot.front", _front)
    _mount(app, services.config.url_base)
    if services.config.trusted_proxies:
        hops = services.config.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops
        )
    return app


def _ping() -> Response:
    """Whether the process serves; needs no key and asks nobody."""
    return jsonify({"status": "ok", "name": "SoulSpot Arr", "version": __version__})


def _front() -> BaseResponse:
    """Whoever types only the address finds the page that explains the rest."""
    # A proxy that strips the prefix without telling it is served at the root.
    base = request.script_root or gate.services().config.url_base
    return redirect(f"{base}/api/docs")


def _mount(app: Flask, url_base: str) -> None:
    """Serve everything below the URL base too; a proxy may strip it or leave it."""
    if not url_base:
        return
    inner = app.wsgi_app
    app.wsgi_app = DispatcherMiddleware(inner, {url_base: inner})  # type: ignore[method-assign]


def _check_identity() -> None:
    """`blueprints` is a common folder name: make sure that it is ours that was imported."""
    for package in (arr_compat, blueprints):
        if getattr(package, "SOULSPOT_ARR", None) != __version__:
            raise ConfigError(
                f"The package {package.__name__!r} was imported from "
                f"{getattr(package, '__file__', 'an unknown place')}, which is not part of this "
                "installation. Start the service from another folder, or with PYTHONSAFEPATH=1."
            )
