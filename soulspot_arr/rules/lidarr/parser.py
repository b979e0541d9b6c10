"""What stock Lidarr makes of a release title: an emulation of its parser.

Written from the shapes in the contract (lidarr §7.1, §7.2, §7.5) so that a title can be proven
before it is shown. It knows no library: where Lidarr would go on with fuzzy look-ups among its
artists and albums, this room only says whether the names are the same. The named exceptions of the
release-group rule are left out, because nothing here depends on the group.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from soulspot_arr.rules.lidarr.quality import quality_of, revision_of
from soulspot_arr.rules.lidarr.text import (
    EDGE,
    clean_name,
    cut,
    received,
    remove_accents,
    shadow,
)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A release title as Lidarr understands it; `year` is None when unknown or 0000."""

    artist: str
    album: str
    quality: str
    year: int | None
    revision: int
    real: int
    repack: bool
    discography: bool
    release_group: str | None


@dataclass(frozen=True, slots=True)
class _Names:
    """The parts one shape found, as spans of the working copy already tidied."""

    artist: str
    album: str
    year: str = ""
    discography: bool = False


# --- before the shapes (contract lidarr §7.1, steps 1 to 5) ---------------------------------------

_FILE_ENDING = re.compile(
    r"\.(?:mp[23]|m4[abp]|og[ag]|opus|wma|wav|wv|flac|ape|aif[cf]?|aiff|par2|nzb)$", re.IGNORECASE
)
_HASHES = (
    re.compile("[0-9A-Za-z]{32}"),
    re.compile("[0-9a-z]{24}$"),
    re.compile(r"(?:[A-Z]{11}|[a-z]{12})\d{3}$"),
    re.compile(r"Backup_\d{5,}S\d\d-\d\d$"),
    re.compile("123$"),
    re.compile("(?:abc|b00bs)$", re.IGNORECASE),
)
_SCRUBBED = re.compile(
    "(?:"
    + "|".join(
        (
            "(?:320|480|720|1080|2160)[ip]",
            r"[hx][\W_]?26[45]",
            r"DD\W?5\W1",
            "[*<>|]",
            "848x480|1280x720|1920x1080|3840x2160|4096x2160",
            "(?:8|10)b(?:it)?",
        )
    )
    + r")\s*",
    re.IGNORECASE,
)
_SITE = r"(?:www\.)?[a-z0-9-]{1,256}\."
_SITE_BEFORE = re.compile(
    rf"\A(?:\[\s*)?{_SITE}(?:[a-z]{{2,6}}\.[a-z]{{2,6}}|xn--[a-z0-9-]{{4,}}|[a-z]{{2,}}){EDGE}"
    r"(?:\s*\]|[ -]{2,})[ -]*",
    re.IGNORECASE,
)
_SITE_AFTER = re.compile(
    rf"(?:\[\s*)?{_SITE}(?:xn--[a-z0-9-]{{4,}}|[a-z]{{2,6}}){EDGE}\s*\]$", re.IGNORECASE
)
_TRACKER_AFTER = re.compile(r"\[(?:ettv|rartv|rarbg|cttv)\]$", re.IGNORECASE)
_MONTH_DAY = r"([01][0-9])[_.-]([0-3][0-9])"
_DATE = re.compile(
    rf"(?<!\d)(?:(?P<year>\d{{4}})[_.-]{_MONTH_DAY}|{_MONTH_DAY}[_.-](?P<late_year>\d{{4}}))(?!\d)"
)
_SHORT_DATE = re.compile(r"(?<=[_.-])([1-9]\d)([01][0-9])([0-3][0-9])(?=[_.-])")


def _is_plausible(title: str) -> bool:
    """Lidarr's first refusal: nothing to read, a bare hash, or a yenc password."""
    if not any(char.isalpha() or char.isdecimal() for char in title):
        return False
    lowered = title.lower()
    if "password" in lowered and "yenc" in lowered:
        return False
    bare = _FILE_ENDING.sub("", title)
    return not any(shape.match(bare) for shape in _HASHES)


def _working_copy(title: str) -> str:
    """Drop the file ending, video-ish tokens and web-site names."""
    text = _FILE_ENDING.sub("", title)
    for unwanted in (_SCRUBBED, _SITE_BEFORE, _SITE_AFTER, _TRACKER_AFTER):
        text = cut(unwanted, text)
    return text


def _date_first(text: str) -> str:
    """Throw away what follows a date, and write a six-digit date in full."""
    if found := _DATE.search(shadow(text)):
        year = found["year"] or found["late_year"]
        month, day = found.group(2, 3) if found["year"] else found.group(4, 5)
        text = f"{text[: found.start()]}{year}.{month}.{day}"
    if (short := _SHORT_DATE.search(shadow(text))) and short.group(2, 3) != ("00", "00"):
        year, month, day = short.groups()
        text = text.replace(text[short.start() : short.end()], f"20{year}.{month}.{day}")
    return text


# --- the shapes (contract lidarr §7.2, in that order) ---------------------------------------------

_TAG = r"\(.+?\)(?:\W*\[.+?\])?\W*"
_COLLECTION = "(?:Discography|Discografia)"
_YEARS = (r".+?\d{4}.+?\d{4}", r".+?\d{4}", "")
_DISCOGRAPHIES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"{_TAG}(?P<artist>.+?) - {_COLLECTION}{_YEARS[0]}",
        *(rf"(?P<artist>.+?) - .*?{_COLLECTION}{years}" for years in _YEARS[:2]),
        *(rf"(?P<artist>.+?)\W*{_COLLECTION}{years}" for years in _YEARS),
    )
)
_TAGGED = re.compile(rf"{_TAG}(?P<artist>.+?) - (?P<album>.+?) - (?P<year>\d{{4}})")
_YEAR_BETWEEN = re.compile(r"(?P<artist>.+?)-(?P<year>\d{4})-(?P<album>[^-]+)")

_Y = r"(?P<year>\d{4})"
_OPEN = r"\W*[(\[]"
_DISC = r"-(?:\d?CD|WEB).+?"

# Shapes 8 to 19: artist, separator, album, and the tail that ends the album.
_SEPARATED: tuple[tuple[str, bool, re.Pattern[str]], ...] = tuple(
    (separator, repeated, re.compile(tail, re.IGNORECASE))
    for separator, repeated, tail in (
        ("-", False, rf"-.+?{_DISC}{_Y}"),
        ("-", False, rf"{_DISC}{_Y}"),
        (" - ", True, rf"{_OPEN}.+?{_Y}"),
        (" - ", True, rf"{_OPEN}{_Y}"),
        (" - ", True, rf"\W* - {_Y}{_OPEN}"),
        (" - ", True, _OPEN),
        (" - ", True, rf"\W*{_Y}"),
        ("-", True, rf"{_OPEN}.+?{_Y}"),
        ("-", True, rf"{_OPEN}{_Y}"),
        ("-", True, _OPEN),
        ("-", True, rf"-.+?{_Y}"),
        ("-", True, rf"-+{_Y}"),
    )
)
_INFO = re.compile(r"\[.+?\]")


def _tidy(name: str) -> str:
    """Finish a captured name: separators to spaces, bracketed remarks out (§7.1 step 7)."""
    return _INFO.sub("", name.replace(".", " ").replace("_", " ")).strip(" ")


def _captured(text: str, match: re.Match[str]) -> _Names:
    artist, album = (text[slice(*match.span(name))] for name in ("artist", "album"))
    return _Names(_tidy(artist), _tidy(album), match.groupdict().get("year") or "")


def _discography(text: str, seen: str) -> _Names | None:
    if not re.search(_COLLECTION, seen, re.IGNORECASE):
        return None
    for shape in _DISCOGRAPHIES:
        if match := shape.match(seen):
            artist = _tidy(text[slice(*match.span("artist"))])
            return _Names(artist, "Discography", discography=True)
    return None


def _borders(seen: str, separator: str, *, repeated: bool) -> Iterator[tuple[int, int]]:
    """Yield (end of artist, start of album): shortest artist first, most separators first."""
    end = seen.find(separator, 1)
    while end != -1:
        starts = [end + len(separator)]
        while repeated and seen.startswith(separator, starts[-1]):
            starts.append(starts[-1] + len(separator))
        for start in reversed(starts):
            yield end, start
        end = seen.find(separator, end + 1)


def _separated(text: str, seen: str) -> _Names | None:
    for separator, repeated, tail in _SEPARATED:
        barren = len(seen)  # no tail follows from here on, which bounds the work on "-----"
        for end, start in _borders(seen, separator, repeated=repeated):
            if start >= barren:
                continue
            if match := tail.search(seen, start + 1):
                names = _tidy(text[:end]), _tidy(text[start : match.start()])
                return _Names(*names, match.groupdict().get("year") or "")
            barren = start
    return None


def _names(text: str) -> _Names | None:
    """Try every shape in Lidarr's order of priority."""
    seen = shadow(text)
    if names := _discography(text, seen):
        return names
    if match := _TAGGED.match(seen):
        return _captured(text, match)
    if names := _separated(text, seen):
        return names
    return _captured(text, match) if (match := _YEAR_BETWEEN.match(seen)) else None


# --- the release group (contract lidarr §7.5) -----------------------------------------------------

_GROUP_PREFIX = re.compile(r"\A(?:\[(?:TR24|OF)\])*\s*", re.IGNORECASE)
_LEADING_GROUP = re.compile(r"\[(?!\s)(.+?)(?<!\s)\]")
_FIRST_TOKEN = re.compile(r"\A.*?[-._ ]")
_GROUP = re.compile(
    r"-([a-z0-9]+)(?<!MP3)(?<!WEB)(?<![AF]LAC)(?!.+?(?:MP3|WEB|[AF]LAC))"
    rf"(?:{EDGE}|_)|[-._ ]\[([a-z0-9]+)\]$",
    re.IGNORECASE,
)


def _is_number(group: str) -> bool:
    """Whether .NET reads the group as a 32-bit integer."""
    return group.isdecimal() and int(group) < 2**31


def _release_group(title: str) -> str | None:
    """Return the last `-word` no codec word touches, or a final `[word]`; numbers do not count."""
    # Lidarr takes a second file ending off here, having taken the first before.
    text = _FILE_ENDING.sub("", _FILE_ENDING.sub("", title).strip())
    text = cut(_SITE_BEFORE, text)
    text = _GROUP_PREFIX.sub("", text)
    if leading := _LEADING_GROUP.match(text):
        return leading[1]
    text = _FIRST_TOKEN.sub("", text)
    group = None
    for match in _GROUP.finditer(shadow(text)):
        group = match[1] or match[2]
    return None if group is None or _is_number(group) else group


# --- reading --------------------------------------------------------------------------------------


def _assemble(names: _Names, title: str) -> ReadBack | None:
    revision = revision_of(title)
    if revision is None:
        return None
    return ReadBack(
        artist=names.artist,
        album=names.album,
        quality=quality_of(title),
        # a year in foreign digits counts as none, like 0000
        year=int(names.year) or None if names.year.isascii() and names.year else None,
        revision=revision.version,
        real=revision.real,
        repack=revision.repack,
        discography=names.discography,
        release_group=_release_group(title),
    )


def read_back(title: str) -> ReadBack | None:
    """Return what stock Lidarr reads out of a title found in a feed, None if it cannot parse it."""
    title = received(title)
    if not _is_plausible(title):
        return None
    names = _names(_date_first(_working_copy(title)))
    return None if names is None else _assemble(names, title)


def _read_knowing(title: str, artist: str, album: str) -> ReadBack | None:
    """Lidarr's second parser: the searched artist in front, the searched album anywhere after."""
    title = received(title)
    if not _is_plausible(title):
        return None
    # Lidarr looks various-artists albums up under their scene name only.
    wanted = ("VA" if artist == "Various Artists" else artist, album)
    first, second = (
        re.escape(shadow(remove_accents(name))).replace(r"\ ", r"[\W_]") for name in wanted
    )
    text = _working_copy(title)
    shape = re.compile(rf"\W*(?P<artist>{first}).*(?P<album>{second})", re.IGNORECASE)
    match = shape.match(shadow(text))
    return _assemble(_captured(text, match), title) if match else None


def same_artist(read: str, artist: str) -> bool:
    """Whether a parsed name maps to the library artist, with or without a leading "the"."""
    if not read.strip():
        return False
    wanted, clean = clean_name(artist), clean_name(read)
    if clean == wanted:
        return True
    other = clean_name(read[4:]) if read.lower().startswith("the ") else f"the{clean}"
    return bool(clean) and other == wanted


def same_album(read: str, album: str) -> bool:
    """Whether a parsed title is the library title; one without clean form must be identical."""
    wanted = clean_name(album)
    return read == album if not wanted else clean_name(read) == wanted


def search_accepts(title: str, artist: str, album: str) -> bool:
    """Whether Lidarr's search for this very album maps the title to it (contract lidarr §8.1)."""
    read = read_back(title)
    if read is not None:
        if not read.artist.strip():
            return False
        if same_artist(read.artist, artist):
            if read.discography:
                return False
            if same_album(read.album, album):
                return True
            # A title that merely contains the searched one is mapped by the fuzzy look-up and
            # then refused as the wrong album; the second parser is never asked.
            if (clean := clean_name(album)) and clean in clean_name(read.album):
                return False
    read = _read_knowing(title, artist, album)
    return read is not None and same_artist(read.artist, artist) and same_album(read.album, album)
