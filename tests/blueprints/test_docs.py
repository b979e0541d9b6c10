"""The OpenAPI document and the page around it, wherever the service is mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from soulspot_arr import __version__
from soulspot_arr.app import create_app
from tests.blueprints.conftest import Start

HOST = "http://soulspot.test"
BASE = "/music/soulspot"


class _Links(HTMLParser):
    """Collects what a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline_scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember every address."""
        values = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := values.get(name))]
        self.inline_scripts += tag == "script" and "src" not in values


@pytest.fixture
def mounted(start: Start) -> FlaskClient:
    """A client of an application below a URL base."""
    return create_app(start({"SOULSPOT_URL_BASE": BASE})).test_client()


def _document(client: FlaskClient, base: str = "") -> dict[str, Any]:
    response = client.get(f"{base}/api/docs/openapi.json")
    assert response.status_code == 200
    body: dict[str, Any] = response.get_json()
    return body


def _text(client: FlaskClient, path: str) -> str:
    with client.get(path) as response:
        assert response.status_code == 200
        return response.get_data(as_text=True)


def _links(page: str) -> _Links:
    parser = _Links()
    parser.feed(page)
    return parser


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


# -- the page --------------------------------------------------------------------------------------


def test_the_page_says_first_how_to_get_in(reader: FlaskClient) -> None:
    """Every request from it needs the key, and nobody guesses where that is entered."""
    words = _document(reader)["info"]["description"]
    assert "Authorize" in words
    assert "soulspot-arr keys" in words


@pytest.mark.parametrize("seen", ["/api/docs", "/api/docs/"])
@pytest.mark.parametrize(
    ("outside", "inside"), [("", ""), (BASE, BASE), (BASE, ""), ("/elsewhere", "")]
)
def test_the_page_and_all_it_fetches(
    mounted: FlaskClient, outside: str, inside: str, seen: str
) -> None:
    """With and without the URL base, and behind proxies that keep, strip or invent a prefix."""
    page = mounted.get(inside + seen)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    links = _links(page.get_data(as_text=True))
    assert links.inline_scripts == 0
    assert {link.rpartition("/")[2] for link in links.found} == {
        "favicon-32x32.png",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "docs.js",
        "openapi.json",
    }
    for link in links.found:
        address = urlsplit(urljoin(f"{HOST}{outside}{seen}", link))
        assert address.netloc == urlsplit(HOST).netloc
        assert address.path.startswith(f"{outside}/api/docs/")
        with mounted.get(inside + address.path.removeprefix(outside)) as answer:
            assert answer.status_code == 200
            assert answer.get_data()


def test_the_page_may_fetch_from_here_only(reader: FlaskClient) -> None:
    """The browser is told so: nothing foreign, no inline script, no frame around it."""
    page = reader.get("/api/docs")
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_what_is_ours_names_no_foreign_host(reader: FlaskClient) -> None:
    """Page, starter script and style sheet hold no absolute address to fetch."""
    starter = re.sub(r"// .*", "", _text(reader, "/api/docs/docs.js"))
    assert "//" not in starter
    assert "//" not in _text(reader, "/api/docs")
    style = _text(reader, "/api/docs/swagger-ui.css")
    fetched = re.findall(r"url\(\s*['\"]?([^)'\"]{1,40})", style)
    assert all(address.startswith("data:") for address in fetched)
    assert "@import" not in style


def test_the_starter_asks_no_validator(reader: FlaskClient) -> None:
    """Swagger UI shows a badge from a foreign host unless it is told not to."""
    assert "validatorUrl: null" in _text(reader, "/api/docs/docs.js")


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("docs.js", "text/javascript"),
        ("favicon-32x32.png", "image/png"),
    ],
)
def test_assets_have_types_that_browsers_accept(
    reader: FlaskClient, name: str, mimetype: str
) -> None:
    """With nosniff a wrong type means a blank page."""
    with reader.get(f"/api/docs/{name}") as response:
        assert response.mimetype == mimetype
        assert "max-age" in response.headers["Cache-Control"]
    known = {"If-None-Match": response.headers["ETag"]}
    with reader.get(f"/api/docs/{name}", headers=known) as again:
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["index.html", "swagger-initializer.js", "docs.html", "__init__.py", "%2e%2e", "a/b"]
)
def test_nothing_else_is_handed_out(reader: FlaskClient, name: str) -> None:
    """The bundle's own page would load an example from a foreign host."""
    assert reader.get(f"/api/docs/{name}").status_code == 404


# -- the document ----------------------------------------------------------------------------------


def test_the_document_needs_no_key_and_holds_no_data(stranger: FlaskClient, app: Flask) -> None:
    """It describes; it knows neither keys nor where things lie."""
    services = app.extensions["soulspot"]
    text = stranger.get("/api/docs/openapi.json").get_data(as_text=True)
    assert services.settings.get("auth.api_key") not in text
    assert str(services.config.data_dir) not in text


def test_the_document_is_sound(reader: FlaskClient) -> None:
    """OpenAPI 3.0 with a title, our version, and references that lead somewhere."""
    document = _document(reader)
    assert document["openapi"].startswith("3.0")
    assert document["info"]["version"] == __version__
    references = set(_references(document))
    assert references
    for reference in references:
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_authorize_works_with_the_header(reader: FlaskClient) -> None:
    """The scheme that the page fills in, and it counts for every operation."""
    document = _document(reader)
    schemes = document["components"]["securitySchemes"]
    assert schemes["ApiKey"]["type"] == "apiKey"
    assert (schemes["ApiKey"]["in"], schemes["ApiKey"]["name"]) == ("header", "X-Api-Key")
    assert {"ApiKey": []} in document["security"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "security" in operation:
                assert path.startswith("/hooks")
                assert {"HookSecret": []} in operation["security"]


@pytest.mark.parametrize("base", ["", BASE, "/elsewhere"])
def test_operations_lie_beside_the_document(mounted: FlaskClient, base: str) -> None:
    """The server address is relative to the document, so the prefix needs not be known."""
    inside = base if base == BASE else ""
    document = _document(mounted, inside)
    server = urljoin(f"{HOST}{base}/api/docs/openapi.json", document["servers"][0]["url"])
    assert server.rstrip("/") == f"{HOST}{base}"


def test_parameters_are_documented(reader: FlaskClient) -> None:
    """Paging and filters appear with their limits."""
    operation = _document(reader)["paths"]["/api/v1/grabs"]["get"]
    found = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert set(found) == {"before", "limit", "state"}
    limits = found["limit"]["schema"]
    assert (limits["minimum"], limits["maximum"], limits["default"]) == (1, 500, 50)
    assert "failed" in found["state"]["schema"]["items"]["enum"]


def test_two_applications_in_one_process(start: Start) -> None:
    """Resources are module-level; registering them twice changes neither document."""
    services = start()
    first, second = (_document(create_app(services).test_client()) for _ in range(2))
    assert first == second
