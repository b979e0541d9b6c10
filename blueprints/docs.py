"""The OpenAPI document and the page that shows it, from local files only.

Every address on the page and in the document is relative: it works below a URL base and behind a
proxy that strips the prefix or keeps it. Neither needs a key, because neither holds data.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, render_template, request, send_from_directory
from flask_smorest import Api  # type: ignore[import-untyped]
from flask_smorest.globals import current_api  # type: ignore[import-untyped]
from swagger_ui_bundle import swagger_ui_path

from blueprints import auth, schemas
from soulspot_arr import __version__

blueprint = Blueprint("docs", __name__, url_prefix="/api/docs", template_folder="templates")

_OURS = Path(__file__).parent / "static"
_THEIRS = Path(swagger_ui_path)
# The types are written down because Python asks the machine for them, and machines disagree.
_ASSETS = {
    "swagger-ui.css": (_THEIRS, "text/css"),
    "swagger-ui-bundle.js": (_THEIRS, "text/javascript"),
    "favicon-32x32.png": (_THEIRS, "image/png"),
    "docs.js": (_OURS, "text/javascript"),
}
# Swagger UI styles its elements inline and draws its icons from data URLs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_INTRODUCTION = """Soulseek as a music source for Lidarr and Prowlarr.

Press **Authorize** first and enter the API key into the field *ApiKey*: without it every request is
answered with 401. The key is the one that Lidarr has; the command `soulspot-arr keys` shows it
(`docker compose exec soulspot-arr soulspot-arr keys`)."""


@blueprint.get("")
def page() -> Response:
    """Show the API for people, with "Authorize" and "Try it out"."""
    # A browser resolves relative addresses against the last slash of where it believes to be.
    folder = "" if request.path.endswith("/") else "docs/"
    response = Response(render_template("docs.html", folder=folder))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/openapi.json")
def document() -> Response:
    """Describe the API for programs (OpenAPI 3.0)."""
    # "soulspot.docs" counts as inside "soulspot", which is where the resources were registered.
    return jsonify(current_api.spec.to_dict())


@blueprint.get("/<name>")
def asset(name: str) -> Response:
    """Hand out one of the few files that the page needs."""
    if name not in _ASSETS:
        abort(404)
    folder, mimetype = _ASSETS[name]
    return send_from_directory(folder, name, mimetype=mimetype, max_age=3600)


def new_api() -> Api:
    """An empty API document with everything that belongs to no single resource."""
    api = Api(
        spec_kwargs={
            "title": "SoulSpot Arr",
            "version": __version__,
            "openapi_version": "3.0.3",  # the newest that Swagger UI 4 shows
            "info": {"description": _INTRODUCTION},
            # Relative to the document itself: three steps up is where everything is served.
            "servers": [{"url": "../..", "description": "this service"}],
            "security": [{"ApiKey": []}, {"Bearer": []}],
            "components": {
                "securitySchemes": {
                    "ApiKey": _header(auth.KEY_HEADER, "The key in `soulspot-arr keys`."),
                    "Bearer": {"type": "http", "scheme": "bearer"},
                    "HookSecret": _header(auth.HOOK_HEADER, "The setting server.hook_secret."),
                }
            },
        }
    )
    api.ERROR_SCHEMA = schemas.Problem
    return api


def _header(name: str, words: str) -> dict[str, str]:
    return {"type": "apiKey", "in": "header", "name": name, "description": words}
