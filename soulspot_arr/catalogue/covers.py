"""Front covers from the Cover Art Archive, for whoever wants one in the files or beside them.

It belongs to MusicBrainz, but its pictures lie at archive.org, to which it sends on. Nothing is
kept: a grab asks once. A cover is never worth a failure, so whatever goes wrong, there is none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import __version__
from soulspot_arr.audio import Cover
from soulspot_arr.catalogue.musicbrainz_client import APPLICATION
from soulspot_arr.errors import CatalogueError, DatabaseTrouble
from soulspot_arr.exchange import TimelyAdapter, deadline, limited
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

ADDRESS = "https://coverartarchive.org"
DEADLINE = 10.0  # seconds for everything that one cover takes
LARGEST = 4 * 1024 * 1024
_STORE = "archive.org"
_SIZES = ("1200", "500")  # pixels; originals may be huge, and old pictures lack the larger size
_MOST_STEPS = 5  # from the archive's address to the picture
_NOT_THERE = frozenset({400, 404, 410})
_PACE = 1.0  # seconds between two requests, as MusicBrainz asks of everybody


class Covers:
    """Asks for one cover at a time; settings are read at each call."""

    def __init__(
        self,
        settings: Settings,
        *,
        address: str = ADDRESS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._address = address.rstrip("/")
        self._pause = pause
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimelyAdapter())
        self._turn = threading.Lock()
        self._next = float("-inf")

    def front(self, release_id: str, album_id: str) -> Cover | None:
        """The front cover of a release, else of its album (MusicBrainz ids); never raises.

        At most 4 MB of JPEG or PNG, within ten seconds; None when there is none.
        """
        if not self._turn.acquire(timeout=DEADLINE):
            log.debug("others are asking for covers; this one is left out")
            return None
        try:
            with deadline(DEADLINE) as until:
                return self._front({"release": release_id, "release-group": album_id}, until)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            log.debug("no cover: the archive does not answer (%s)", error)
        except (CatalogueError, ValueError) as error:  # an address can be none
            log.debug("no cover: %s", error)
        except (SQLAlchemyError, DatabaseTrouble) as error:
            log.debug("no cover: the settings cannot be read (%s)", error)
        finally:
            self._turn.release()
        return None

    def _front(self, ids: dict[str, str], until: float) -> Cover | None:
        for kind, id_ in ids.items():
            for size in _SIZES if id_ else ():
                picture = self._get(f"/{kind}/{quote(id_, safe='')}/front-{size}", until)
                if picture is None:
                    continue
                cover = Cover(picture)
                if cover.mime:
                    return cover
                log.debug("the cover of the %s %s is no JPEG and no PNG", kind, id_)
        return None

    def _get(self, path: str, until: float) -> bytes | None:
        """The picture at the end of the way from there; None when there is none."""
        wait = self._next - time.monotonic()
        if wait > 0:
            self._pause(wait)
        self._next = time.monotonic() + _PACE
        url = self._address + path
        for _ in range(_MOST_STEPS):
            with self._session.get(
                url,
                headers={"User-Agent": self._user_agent},
                timeout=max(0.1, until - time.monotonic()),
                stream=True,
                allow_redirects=False,  # each step is looked at
            ) as answer:
                if answer.status_code == 200:
                    parts = iter(lambda: answer.raw.read1(1 << 16, decode_content=True), b"")
                    return b"".join(limited(parts, largest=LARGEST, until=until))
                further = answer.headers.get("Location")
            if answer.status_code in _NOT_THERE:
                return None
            if answer.status_code not in range(300, 400) or not further:
                raise CatalogueError(f"{urlsplit(url).netloc} answered {answer.status_code}.")
            url = urljoin(url, further)
            if not self._trusted(url):
                raise CatalogueError(f"{path} leads elsewhere.")
        raise CatalogueError(f"{path} leads nowhere.")

    def _trusted(self, url: str) -> bool:
        """Only the archive and where it keeps its pictures: no other address is ever asked."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        stored = host == _STORE or host.endswith(f".{_STORE}")
        own = parts.netloc == urlsplit(self._address).netloc
        return parts.scheme in {"http", "https"} and (own or stored)

    @property
    def _user_agent(self) -> str:
        contact = str(self._settings.get("catalogue.contact"))
        return f"{APPLICATION}/{__version__}" + (f" ( {contact} )" if contact else "")
