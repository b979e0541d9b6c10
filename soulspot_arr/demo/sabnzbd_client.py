"""Stock Lidarr's SABnzbd download client: its exact requests, its Test button, its removals.

It sends what contract lidarr §1.2 lists, in that order, and believes answers only as far as Lidarr
does. It never retries and never follows a redirect.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from soulspot_arr.demo import sabnzbd_answers as answers
from soulspot_arr.demo.download_items import (
    DownloadItem,
    ItemStatus,
    PathMapping,
    belongs_to,
    from_history,
    from_queue,
    is_rooted,
)
from soulspot_arr.demo.faults import ClientError, ClientUnavailable, LidarrFault, RejectedByClient
from soulspot_arr.demo.wire import (
    LIDARR_AGENT,
    REQUEST_SECONDS,
    body_text,
    open_session,
    query_string,
    short,
)

HISTORY_LIMIT = 60
_UPLOAD_REPLACEMENTS = (
    (": ", " - "),
    (":", "-"),
    ("\\", "+"),
    ("/", "+"),
    ("<", ""),
    (">", ""),
    ("?", "!"),
    ("*", "-"),
    ("|", ""),
    ('"', ""),
)


@dataclass(frozen=True, slots=True)
class TestFinding:
    """One line a Test button shows; warnings block saving as well unless it is forced."""

    __test__ = False  # pytest collects classes by this prefix

    field: str
    message: str
    is_warning: bool = False


def upload_name(title: str) -> str:
    """The file name a release title is uploaded under; it is not the title any more."""
    for bad, good in _UPLOAD_REPLACEMENTS:
        title = title.replace(bad, good)
    return title.lstrip(" .").rstrip(" ") + ".nzb"


class SabnzbdClient:
    """One configured SABnzbd connection; `base_url` ends before `/api`."""

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        category: str = "music",
        session: requests.Session | None = None,
        *,
        mappings: Sequence[PathMapping] = (),
        login: tuple[str, str] = ("", ""),
    ) -> None:
        self.endpoint = base_url.rstrip("/") + "/api"
        self.category = category
        self.host = urlsplit(base_url).hostname or ""
        self._auth: tuple[tuple[str, str], ...] = (
            (("apikey", api_key),)
            if api_key.strip()
            else (("ma_username", login[0]), ("ma_password", login[1]))
        )
        self._mappings = tuple(mappings)
        self._session = session or open_session(LIDARR_AGENT)

    # -- what Lidarr does all day ----------------------------------------------------------------

    def items(self) -> tuple[DownloadItem, ...]:
        """Every download of our category, queue first; ClientError loses the whole poll."""
        merged = [*from_queue(self.queue())]
        merged += from_history(self.history(), self.host, self._mappings)
        return tuple(item for item in merged if belongs_to(item, self.category))

    def add(self, nzb: bytes, release_title: str, priority: int = -100) -> str:
        """Upload an NZB and return the first id; RejectedByClient when there is none."""
        parameters = (("cat", self.category), ("priority", priority))
        body, content_type = _multipart(upload_name(release_title), nzb)
        text = self._call("addfile", parameters, body=body, content_type=content_type)
        ids = answers.read_added_ids(text)
        if not ids:
            raise RejectedByClient("SABnzbd rejected the NZB for an unknown reason")
        return ids[0]

    def add_url(self, link: str, priority: int = -100) -> str:
        """Hand over a link instead of a file, as Prowlarr does; RejectedByClient without an id."""
        parameters = (("name", link), ("cat", self.category), ("priority", priority))
        ids = answers.read_added_ids(self._call("addurl", parameters, body=b""))
        if not ids:
            raise RejectedByClient("SABnzbd rejected the NZB for an unknown reason")
        return ids[0]

    def remove(self, item: DownloadItem) -> None:
        """Remove a download with its data: from the queue if it is there, else from the history."""
        matches = [slot for slot in self.queue().slots if slot.nzo_id == item.nzo_id]
        matches = [slot for slot in matches if slot.status != "Deleted"]
        if len(matches) > 1:
            raise ClientError(f"{len(matches)} queue slots share the id {item.nzo_id}")
        common = (("name", "delete"), ("del_files", 1), ("value", item.nzo_id))
        if matches:
            self._call("queue", common)
            return
        if item.status is ItemStatus.COMPLETED and item.output_path:
            delete_data(item.output_path)
        archive = 0 if item.status is ItemStatus.FAILED else 1
        self._call("history", (*common, ("archive", archive)))

    # -- single requests -------------------------------------------------------------------------

    def version(self) -> str | None:
        """R1: the version text, None when the answer has none."""
        return answers.read_version(self._call("version"))

    def config(self) -> answers.Config:
        """R2: the configuration."""
        return answers.read_config(self._call("get_config"))

    def queue(self, limit: int = 0) -> answers.Queue:
        """R4: the queue; zero means all of it."""
        return answers.read_queue(self._call("queue", self._page(limit)))

    def history(self) -> tuple[answers.HistorySlot, ...]:
        """R5: the first sixty history slots."""
        return answers.read_history(self._call("history", self._page(HISTORY_LIMIT)))

    def complete_dir(self, config: answers.Config) -> str:
        """The folder of finished downloads; a relative one costs R1 and R3 (or R4b when old)."""
        configured = config.complete_dir or ""
        if is_rooted(configured):
            return configured
        if self._has_version(2, 0):
            return (
                answers.read_complete_dir(self._call("fullstatus", (("skip_dashboard", 1),))) or ""
            )
        return f"{self.queue(limit=1).default_root or ''}/{configured}"

    # -- the Test button -------------------------------------------------------------------------

    def test(self) -> list[TestFinding]:
        """Lidarr's four checks in order; empty means a green tick without warnings."""
        findings: list[TestFinding] = []
        try:
            for check in (
                self._test_version,
                self._test_authentication,
                self._test_global_config,
                self._test_category,
            ):
                finding = check()
                if finding is not None:
                    findings.append(finding)
        except LidarrFault as fault:
            findings.append(TestFinding("", f"Test was aborted due to an error: {fault}"))
        return findings

    def health_warnings(self) -> list[str]:
        """What Lidarr's health page would say about this client (contract lidarr §10)."""
        config = self.config()
        category = config.category(self.category) or config.category("*")
        complaints = [
            f"{sorting.name} sorting is on"
            for sorting in config.sortings
            if sorting.covers(self.category)
        ]
        if config.removes_completed():
            complaints.append("the client removes completed downloads")
        if category is not None:
            folder = Path(self.complete_dir(config)) / category.folder.rstrip("*")
            if not folder.is_absolute() or not folder.is_dir():
                complaints.append(f"the download folder {folder} does not exist")
        return complaints

    def _test_version(self) -> TestFinding | None:
        try:
            raw = self.version()
        except LidarrFault as fault:
            return TestFinding("Host", f"Unable to connect to SABnzbd: {fault}")
        version = answers.parse_version(raw)
        if raw is None or version is None:
            return TestFinding("Version", f"Unknown Version: {raw}")
        if raw.lower() == "develop":
            return TestFinding("Version", "develop version, assuming 3.0.0 or higher", True)
        if version < (0, 7, 0):
            return TestFinding("Version", f"Version 0.7.0 or newer is required, not {raw}")
        return None

    def _test_authentication(self) -> TestFinding | None:
        try:
            self.config()
        except LidarrFault as fault:
            for known in ("API Key Incorrect", "API Key Required"):
                if known.lower() in str(fault).lower():
                    return TestFinding("APIKey", known)
            raise
        return None

    def _test_global_config(self) -> TestFinding | None:
        if self.config().pre_check and not self._has_version(1, 1):
            return TestFinding("", "Disable 'Check before download' option in SABnzbd")
        return None

    def _test_category(self) -> TestFinding | None:
        config = self.config()
        self.complete_dir(config)
        category = config.category(self.category)
        if category is None and self.category:
            return TestFinding("MusicCategory", "Category does not exist")
        if category is not None and category.folder.endswith("*"):
            return TestFinding("MusicCategory", "Enable Job folders")
        for sorting in config.sortings:
            if sorting.covers(self.category):
                return TestFinding("MusicCategory", f"Disable {sorting.name} Sorting")
        return None

    def _has_version(self, *wanted: int) -> bool:
        version = answers.parse_version(self.version())
        return version is not None and version >= wanted

    # -- transport -------------------------------------------------------------------------------

    def _page(self, limit: int) -> tuple[tuple[str, object], ...]:
        page: tuple[tuple[str, object], ...] = (("start", 0), ("limit", limit))
        return (*page, ("category", self.category)) if self.category.strip() else page

    def _call(
        self,
        mode: str,
        parameters: Sequence[tuple[str, object]] = (),
        *,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> str:
        query = query_string((("mode", mode), *parameters, *self._auth, ("output", "json")))
        headers = {"Accept": "application/json"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            response = self._session.request(
                "GET" if body is None else "POST",
                f"{self.endpoint}?{query}",
                data=body,
                headers=headers,
                timeout=REQUEST_SECONDS,
                # A 3xx is parsed as if it were the answer (contract lidarr §1.1).
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ClientUnavailable(f"Unable to connect to SABnzbd, {short(error)}") from error
        if response.status_code >= 400:
            raise ClientError(
                f"Unable to connect to SABnzbd, HTTP request failed: [{response.status_code}]"
            )
        text = body_text(response)
        answers.raise_for_error(text)
        return text


def delete_data(path: str) -> None:
    """Delete a finished download on Lidarr's own filesystem; what is gone already is fine."""
    target = Path(path)
    if target.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        target.unlink()


def _multipart(file_name: str, content: bytes) -> tuple[bytes, str]:
    # The file name is raw UTF-8 without any escaping (contract lidarr §1.2, R6).
    boundary = "-" * 29 + f"{time.time_ns():014x}"
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="name"; filename="{file_name}"\r\n'
        "Content-Type: application/x-nzb\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
