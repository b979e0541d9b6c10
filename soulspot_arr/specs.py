"""Every runtime setting of the core, declared once: key, type, default, meaning and limits.

The store is `settings`; a source declares its own in the same way. `docs/settings.md` shows this
table, and a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from soulspot_arr.domain import SettingSpec


def _http_url(value: object) -> str | None:
    try:
        parts = urlsplit(str(value))
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        sound = False
    return None if sound or not value else "must look like http://host:port"


def _header_text(value: object) -> str | None:
    text = str(value)
    return None if text.isascii() and text.isprintable() else "may hold only ASCII characters"


def _absolute(value: object) -> str | None:
    return "must be an absolute path" if value and not str(value).startswith("/") else None


def _mapping_pairs(value: Any) -> str | None:
    pairs = value if isinstance(value, list) else []
    # In `report` mode ours is slskd's own path, which Windows writes with a drive or two slashes.
    pair = re.compile(r"\s*(/|\\\\|[A-Za-z]:)[^=]*=\s*[^=\s][^=]*")
    if all(pair.fullmatch(item) for item in pairs):
        return None
    return "must be pairs such as /downloads=/data/downloads"


def _seconds(value: Any) -> str | None:
    numeric = all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", item) for item in value)
    return None if value and numeric else "must be numbers of seconds"


def _moment(value: object) -> str | None:
    try:
        known = not value or datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        known = False
    return None if known else "must be a moment with its zone such as 2026-01-31T12:00:00+00:00"


def _key(value: object) -> str | None:
    text = str(value)
    if len(text) < 8:
        return "needs at least 8 characters"
    # Clients send it in headers and addresses, which lose blanks and other scripts.
    plain = text.isascii() and text.isprintable() and " " not in text
    return None if plain else "may hold only ASCII characters without blanks"


def _times_of_day(value: Any) -> str | None:
    span = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
    if all(span.fullmatch(item) and item[:5] != item[6:] for item in value):
        return None
    return "must be spans of time such as 23:00-07:00"


# The grammar of `library.template`; `rules.shelving` fills it in.
TEMPLATE_FIELD = re.compile(r"\{([^{}]*)\}")
TEMPLATE_FIELDS = (
    "artist",
    "album_artist",
    "album",
    "year",
    "title",
    "track",
    "disc",
    "disc_track",
    "quality",
)
"""What `library.template` may say in braces."""
OF_ONE_FILE = frozenset({"title", "track", "disc_track"})
"""Those of them that tell one file of an album from the others."""


def _template(value: object) -> str | None:
    text = str(value)
    parts = [part.strip() for part in text.split("/")]
    fields = TEMPLATE_FIELD.findall(text)
    unknown = [field for field in fields if field not in TEMPLATE_FIELDS]
    if unknown or set("{}") & set(TEMPLATE_FIELD.sub("", text)):
        known = " ".join(f"{{{field}}}" for field in TEMPLATE_FIELDS)
        wrong = f"does not know {{{unknown[0]}}}" if unknown else "has a brace without its other"
        return f"{wrong}; there are {known}"
    if "\\" in text:
        return "must name folders with / between them"
    if not all(part.strip(".") for part in parts):
        return "must be a path below the folder, without empty parts, . or .."
    if not OF_ONE_FILE & set(TEMPLATE_FIELD.findall(parts[-1])):
        return "must end in a name with {title}, {track} or {disc_track}"
    return None


CORE_SPECS: tuple[SettingSpec, ...] = (
    SettingSpec("auth.api_key", str, "", "Key that Lidarr, Prowlarr and the REST API have to show; generated at the first start.", secret=True, check=_key),
    SettingSpec("auth.user", str, "", "User name accepted instead of the key (Lidarr's username field)."),
    SettingSpec("auth.password", str, "", "Password that belongs to the user name.", secret=True),
    SettingSpec("server.public_url", str, "", "Address under which Lidarr reaches this service, if it differs from the one it searches through (for instance when Prowlarr stands between).", check=_http_url),
    SettingSpec("server.hook_secret", str, "", "Secret that slskd's webhook has to show in X-Hook-Secret; empty means the API key.", secret=True),
    SettingSpec("lidarr.url", str, "", "Address of Lidarr; optional, recommended: imports then start within seconds.", check=_http_url),
    SettingSpec("lidarr.api_key", str, "", "Lidarr's API key (Settings, General).", secret=True),
    SettingSpec("lidarr.categories", list, ["music", "lidarr", "audio", "prowlarr"], "Categories offered to download clients; those seen in requests are added by themselves."),
    SettingSpec("lidarr.version_reported", str, "4.5.1", "SABnzbd version this service claims to be."),
    SettingSpec("lidarr.mend", bool, True, "Act on imports that Lidarr has blocked or refused; otherwise they are only told."),
    SettingSpec("catalogue.musicbrainz", bool, True, "Whether MusicBrainz is asked for what Lidarr does not tell: albums it does not know and other names of artists; at most one request a second."),
    SettingSpec("catalogue.musicbrainz_url", str, "https://musicbrainz.org", "Address of MusicBrainz or of a mirror of it.", check=_http_url),
    SettingSpec("catalogue.contact", str, "", "Mail or web address of whoever runs this service; told to MusicBrainz as part of our user agent.", check=_header_text),
    SettingSpec("catalogue.fresh", float, 7.0, "Days the track lists of an album are used without asking for them again; what was not found is asked again after six hours.", minimum=0, maximum=365),
    SettingSpec("search.budget", float, 60.0, "Seconds a search may take before Lidarr gets what is there.", minimum=5, maximum=70),
    SettingSpec("search.first_answer", float, 25.0, "Seconds after which an offer that is not surely the album is answered instead of asking on; also the longest a single search may take.", minimum=1, maximum=70),
    SettingSpec("search.rungs", int, 5, "How many query texts are tried while Lidarr waits.", minimum=1, maximum=10),
    SettingSpec("search.dig", int, 10, "How many further texts are tried in the background when nothing sure was found; 0 turns it off.", minimum=0, maximum=30),
    SettingSpec("search.lookups", int, 4, "How many promising folders that an answer shows only in part are looked up at their peers; 0 turns it off.", minimum=0, maximum=20),
    SettingSpec("search.enough_peers", int, 60, "A single search ends early when this many peers answered and the flow has dried up.", minimum=1),
    SettingSpec("search.dry_after", float, 2.0, "Seconds without a further answer that count as dried up.", minimum=0.1),
    SettingSpec("search.enough_offers", int, 3, "No further query text is tried when so many offers are surely the album; a lossless one is enough alone.", minimum=1),
    SettingSpec("search.per_quality", int, 3, "Offers shown for each quality.", minimum=1, maximum=30),
    SettingSpec("search.cache", float, 1800.0, "Seconds an answer is given again without searching.", minimum=0),
    SettingSpec("search.empty_cache", list, ["21600", "86400", "604800"], "Seconds an album that no text has found is answered empty without searching: after the first time, the second time in a row, and every further one.", check=_seconds),
    SettingSpec("search.repeat_after", float, 600.0, "Seconds in which the same text is not asked again, at most those of search.cache; answers of that time are used instead.", minimum=0, maximum=86_400),
    SettingSpec("search.minimum_identity", float, 0.6, "How sure it must be that a folder is the album (0 to 1).", minimum=0, maximum=1),
    SettingSpec("search.rate", int, 30, "Searches allowed in each rate window; the Soulseek server bans faster clients for 30 minutes.", minimum=1, maximum=34),
    SettingSpec("search.rate_window", float, 220.0, "Length of the rate window in seconds.", minimum=1),
    SettingSpec("search.ban_after", int, 5, "Searches in a row without any answer after which one that used to be answered is asked: silence then means that Soulseek has banned us.", minimum=2, maximum=100),
    SettingSpec("search.ban_pause", float, 1800.0, "Seconds without any search when Soulseek has banned us.", minimum=1),
    SettingSpec("search.waiting", int, 4, "Questions that may wait for a search at the same time; further ones get an empty feed.", minimum=1, maximum=24),
    SettingSpec("quality.profile", str, "any", "Which formats are offered, and which of them first; Lidarr's own profile still judges every grab.", choices=("audiophile", "balanced", "space_saver", "any")),
    SettingSpec("quality.excluded_words", list, [], "Offers whose path holds one of these words or phrases are not shown."),
    SettingSpec("quality.excluded_peers", list, [], "Offers of these peers are not shown."),
    SettingSpec("queue.max_active", int, 100, "Files asked for at the same time; those that have stood in their peer's queue for a minute do not count.", minimum=1),
    SettingSpec("queue.max_per_peer", int, 1, "Grabs that one peer serves at the same time.", minimum=1),
    SettingSpec("queue.alternates", int, 3, "Further peers that may replace a failing one inside the same grab; 0 turns it off.", minimum=0, maximum=3),
    SettingSpec("queue.substitute", bool, True, "Whether a lost file is first taken alone from another peer that offers the same track; off: the whole album changes its peer at once."),
    SettingSpec("queue.rescue", bool, True, "Whether a grab that nobody can send any more is searched for once more before it fails."),
    SettingSpec("queue.max_length", int, 1000, "Grabs that may be open at the same time; further ones are refused. 0 for no limit.", minimum=0, maximum=100_000),
    SettingSpec("queue.dispatches", int, 5, "Requests made to peers in one dispatch cycle; the next one follows at once when there are more.", minimum=1, maximum=100),
    SettingSpec("queue.dispatch_delay", float, 2.0, "Seconds between two requests, also from one cycle to the next.", minimum=0, maximum=60),
    SettingSpec("queue.quiet_hours", list, [], "Times of day such as 23:00-07:00, in this service's time zone, in which nothing new is asked for; grabs of priority Force go on.", check=_times_of_day),
    SettingSpec("queue.await_peer", float, 604800.0, "Seconds a grab waits for the only peer that has it to come online again; never when retry.attempts is 0.", minimum=0),
    SettingSpec("queue.overtake", float, 900.0, "Seconds an album stands behind another one of the same peer, which sends nothing, before a free peer that offers it is asked instead; 0 for never.", minimum=0),
    SettingSpec("queue.max_wait", float, 86400.0, "Seconds a file may wait to be asked for.", minimum=60),
    SettingSpec("queue.claim_ttl", float, 120.0, "Seconds after which an unconfirmed request is made again.", minimum=1),
    SettingSpec("queue.paused", bool, False, "Nothing new is asked for while this is on, except for grabs of priority Force."),
    SettingSpec("queue.resume_at", str, "", "Moment at which a pause ends by itself (ISO 8601); empty for never.", check=_moment),
    SettingSpec("retry.attempts", int, 3, "How often a file is tried again at the same peer.", minimum=0, maximum=20),
    SettingSpec("retry.backoff", list, ["60", "300", "900"], "Seconds before each further attempt.", check=_seconds),
    SettingSpec("stall.queued", float, 21600.0, "Seconds in a peer's queue without any movement before the next attempt.", minimum=1),
    SettingSpec("stall.transfer", float, 1800.0, "Seconds without a new byte before the next attempt.", minimum=1),
    SettingSpec("stall.total", float, 43200.0, "Seconds after which a transfer without any progress is started anew, at the same peer or at another one.", minimum=60),
    SettingSpec("stall.position", float, 600.0, "Seconds between two questions to a peer for our place in its queue.", minimum=60),
    SettingSpec("blocklist.strikes", int, 3, "Albums that failed in a way that speaks against their peer, after which it is blocked; 0 turns it off.", minimum=0, maximum=100),
    SettingSpec("blocklist.window", float, 30.0, "Days in which these albums are counted.", minimum=1, maximum=365),
    SettingSpec("blocklist.peer_days", float, 14.0, "Days for which a peer is blocked after them.", minimum=1, maximum=3650),
    SettingSpec("breaker.failures", int, 3, "Failed calls in a row after which slskd is left alone for a while.", minimum=1, maximum=100),
    SettingSpec("breaker.pause", float, 60.0, "Seconds for which it is left alone before one call tries again.", minimum=1, maximum=3600),
    SettingSpec("paths.source_root", str, "", "slskd's download folder as slskd sees it; asked from slskd when empty."),
    SettingSpec("paths.local_root", str, "", "The same folder as this service sees it; empty when both see it alike.", check=_absolute),
    SettingSpec("paths.complete_dir", str, "", "Folder for finished grabs, as this service sees it; empty for <local root>/soulspot.", check=_absolute),
    SettingSpec("paths.mappings", list, [], "Pairs ours=lidarr for reported paths, when Lidarr sees the finished grabs elsewhere.", check=_mapping_pairs),
    SettingSpec("completion.mode", str, "verify", "verify: check and gather the files; report: trust slskd and report its folder.", choices=("verify", "report")),
    SettingSpec("completion.settle", float, 300.0, "Seconds to wait for a finished file to appear with its exact size.", minimum=1),
    SettingSpec("completion.decode", bool, True, "Decode every frame of a file, where a decoder is installed: nothing else finds all damage."),
    SettingSpec("completion.silence", bool, True, "Refuse a file without any sound in an album whose other files sound."),
    SettingSpec("completion.fake_lossless", str, "off", "Look at the spectrum of lossless files for the cut of a lossy encoder: off, report it, or reject the file.", choices=("off", "report", "reject")),
    SettingSpec("completion.tags", str, "when_needed", "Write tags: never, when_needed (where Lidarr would stumble over what is there), or always.", choices=("never", "when_needed", "always")),
    SettingSpec("completion.rehearse", bool, True, "Report a grab as completed only when Lidarr's import has been rehearsed and will accept it."),
    SettingSpec("completion.cover", str, "never", "Front cover from the Cover Art Archive (at most 4 MB): never, embed it in files that have none, or put it beside them as cover.jpg.", choices=("never", "embed", "file")),
    SettingSpec("library.folder", str, "", "Folder into which finished grabs are moved that do not come from Lidarr; empty: they stay where they are reported.", check=_absolute),
    SettingSpec("library.categories", list, ["*"], "Categories of the grabs that are moved there; * is a grab without a category."),
    SettingSpec("library.template", str, "{album_artist}/{album} ({year})/{disc_track} {title}", "Folder and name of each file there.", check=_template),
    SettingSpec("jobs.heartbeat", float, 10.0, "Seconds between two renewals of the lease.", minimum=0.1),
    SettingSpec("jobs.lease_ttl", float, 25.0, "Seconds without a renewal after which another worker takes over.", minimum=0.5, maximum=28),
    SettingSpec("jobs.dispatch", float, 5.0, "Seconds between two looks for files to ask for.", minimum=0.1),
    SettingSpec("jobs.poll", float, 5.0, "Seconds between two polls of slskd while bytes move.", minimum=0.1),
    SettingSpec("jobs.poll_queued", float, 30.0, "Seconds between two polls while everything is only queued at peers.", minimum=0.1),
    SettingSpec("jobs.complete", float, 5.0, "Seconds between two looks for finished grabs.", minimum=0.1),
    SettingSpec("jobs.prove", float, 5.0, "Seconds between two looks for arrived files whose sound is to be verified.", minimum=0.1),
    SettingSpec("jobs.follow", float, 60.0, "Seconds between two looks at Lidarr's queue for finished grabs.", minimum=1),
    SettingSpec("jobs.dig", float, 10.0, "Seconds between two searches in the background.", minimum=0.1),
    SettingSpec("jobs.rescue", float, 30.0, "Seconds between two looks for grabs that need a further search.", minimum=0.1),
    SettingSpec("jobs.presence", float, 60.0, "Seconds between two looks whether awaited peers are online.", minimum=1),
    SettingSpec("jobs.health", float, 60.0, "Seconds between two health checks (each asks slskd once).", minimum=1),
    SettingSpec("jobs.housekeeping", float, 3600.0, "Seconds between two clean-ups.", minimum=1),
    SettingSpec("retention.events", float, 30.0, "Days an event is kept.", minimum=1, maximum=36_500),
    SettingSpec("retention.searches", float, 7.0, "Days searches and the explanations of answers are kept.", minimum=1, maximum=36_500),
    SettingSpec("retention.releases", float, 14.0, "Days a release is kept after it was last seen.", minimum=1, maximum=36_500),
    SettingSpec("retention.archived", float, 90.0, "Days an archived grab is kept.", minimum=1, maximum=36_500),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Settings that only make sense together; `complaint` gets their values in order."""

    keys: tuple[str, ...]
    complaint: Callable[..., str | None]


def _at_most(smaller: str, larger: str, why: str) -> Contradiction:
    def complaint(first: float, second: float) -> str | None:
        if first <= second:
            return None
        return f"{smaller} ({first:g}) must not be above {larger} ({second:g}): {why}"

    return Contradiction((smaller, larger), complaint)


def _never_awake(spans: list[str]) -> str | None:
    quiet = [False] * 1440  # minutes of a day
    for span in spans:
        begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in span.split("-"))
        length = (end - begin) % 1440
        for minute in range(begin, begin + length):
            quiet[minute % 1440] = True
    if all(quiet):
        return "queue.quiet_hours cover the whole day: pause the queue instead"
    return None


CONTRADICTIONS: tuple[Contradiction, ...] = (
    _at_most("jobs.heartbeat", "jobs.lease_ttl", "the lease would end before it is renewed"),
    _at_most("jobs.poll", "jobs.poll_queued", "a quiet queue is looked at more rarely"),
    _at_most("stall.transfer", "stall.total", "the shorter patience would never be reached"),
    Contradiction(("queue.quiet_hours",), _never_awake),
)


def contradiction(values: Mapping[str, Any], changed: Collection[str]) -> tuple[str, str] | None:
    """The first rule that these values break, of those that a change concerns: key and sentence."""
    for rule in CONTRADICTIONS:
        concerned = [key for key in rule.keys if key in changed]
        why = rule.complaint(*(values[key] for key in rule.keys)) if concerned else None
        if why:
            return concerned[0], why
    return None
