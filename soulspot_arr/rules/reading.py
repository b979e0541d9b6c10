"""What a path says about the album in it: artist, album, year, disc and marks of the pressing.

Every habit of naming folders that the shares show lives here (or, for one file name, in `tracks`).
A reading is a guess that others weigh; nothing is judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from soulspot_arr.rules.discs import disc_of_folder, split_disc
from soulspot_arr.rules.spelling import (
    names_pressing,
    normalise,
    only_describes,
    significant,
    word_set,
    words,
)
from soulspot_arr.rules.tracks import DASH, LONGEST_NAME, WIDE, read_track, split_extension

SEPARATORS = re.compile(r"[\\/]+")
"""Both slashes divide: shares of Windows and of everything else answer side by side."""

# SoulseekQt puts `@@` and five or more letters in front; slskd drops them too (contract slskd §6.2)
_ROOT_MARK = re.compile(r"@@[A-Za-z0-9]{5,}\Z|[A-Za-z]:\Z")

_STRONG = (
    r"flac(?:24|16)?(?:-?bit)?|alac|mp3|aac|m4a|ogg|vorbis|opus|wav|ape|wavpack|wv|wma|aiff?|dsd\d*"
    r"|lossless|lossy|hi-?res|hd ?tracks|v[0-2]|vbr|cbr|\d{2,4} ?kbps|\d{2,3} ?kb/?s|\d{2,3}k"
    r"|(?:16|24|32)[- ]?bits?|24b|16b|\d{2,3}(?:[.,]\d)? ?khz"
    r"|(?:16|24|32) ?[-/_x,.] ?(?:44|48|88|96|176|192)(?:[.,]\d)?(?: ?khz)?"
)
_WEAK = (
    r"cd-?rip|cd|\d ?x? ?cd|web-?(?:dl|rip)|web|vinyl|lp|\d ?x? ?lp|vinylrip|dvd|dvda|sacd|rip|eac"
    r"|xld|dbpoweramp|log|cue|logs?\+cue|scans?|artwork|covers|100%|320|256|224|192|160|128|96|44"
    r"|24|16|perfect|ripped|tape|mp3s|kbps|khz|bit"
)
_GLUE = r"[\s,;+&|/._-]*"
# "24-96" is one word or two: without the possessive "++" a long run of them, which any peer may put
# into a name, is tried in all its 2^n divisions.
_RUN = rf"(?P<run>(?:(?:{_STRONG}|{_WEAK})(?![^\W_]){_GLUE})++)\Z"
_FORMAT = re.compile(rf"{_GLUE}{_RUN}", re.IGNORECASE)
_FORMAT_TAIL = re.compile(rf"[\s,;+]+{_RUN}", re.IGNORECASE)
_FORMAT_BEHIND = re.compile(rf"(?<=[)\]}}])\s*{_RUN}", re.IGNORECASE)
_FORMAT_WORD = re.compile(
    r"(?:flac|mp3|alac|lossless|\d{2,3} ?k(?:bps)?|320|v[0-2])\Z", re.IGNORECASE
)
_HAS_STRONG = re.compile(rf"(?<![^\W_])(?:{_STRONG})(?![^\W_])", re.IGNORECASE)

# `歌手「アルバム」`
_QUOTED_ALBUM = re.compile(r"\A((?:[^「『]*[^\s「『\])-])\s*)[「『]([^」』]+)[」』]")
_BRACKET = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}")
_YEAR_BETWEEN = re.compile(
    r"(?P<by>[^\[({]*[^\s\[({-])\s*[\[(](?:19|20)\d\d[\])]\s+(?P<rest>[^\s-].*)"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-./ ]\d\d[-./ ]\d\d)?\Z")
_YEAR_FIRST = re.compile(r"((?:19|20)\d\d)(?:[-./]\d\d[-./]\d\d)?(?:\s*[.,_]\s*|\s+)(?=[^\s(])")
_YEAR_LAST = re.compile(r"(?<=\S)[\s,]+((?:19|20)\d\d)\Z")
_INDEX = re.compile(r"\A\d{1,2}(?:[.)]\s+|\s+(?=[\[(]?(?:19|20)\d\d\b))(?=\S)")

# Folders at which the way up ends: what lies above says nothing about the music.
_ROOTS = word_set(
    """
    music musik musica musique muzyka audio share shared shares sharing public soulseek slsk slskd
    nicotine download downloads downloaded incoming complete completed media library bibliothek
    itunes users user home mnt media volume volumes data storage nas desktop documents torrents
    torrent files rock pop jazz metal electronic classical soundtracks soundtrack ost rap reggae
    blues folk country punk indie ambient techno house misc unsorted sorted new temp tmp
    """
)
_ROOT_PHRASES = frozenset(
    {"my music", "meine musik", "hip hop", "soulseek downloads", "soulseek shared folder"}
)
# Folders that only sort; the artist may stand above them.
_SHELVES = word_set(
    """
    albums album discography discografia studio lp lps ep eps singles single flac mp3 mp3s lossless
    lossy live compilations compilation artists artist hires vinyl cds cd remasters remastered main
    collection archive
    """
)
# Names of folders that hold many albums or songs at once.
_DUMPS = word_set(
    """
    discography discografia discographie complete all my various songs tracks works box set boxset
    catalog catalogue mixed misc stuff old favorites favourites random single singles collection
    collected full official recordings years mp3 rips to sort sorted own other others original
    series classic classics
    """
)
_DISCOGRAPHY = re.compile(
    r"\s*[-–—]?\s*\b(?:the )?(?:complete )?(?:discograph|discograf)\w*.*\Z", re.I
)
_VARIOUS = frozenset({"va", "various", "various artists", "v a", "compilations", "compilation"})
_SORTED_NAME = re.compile(r"(.+), (the|a|die|der|das|les|la|le|los)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PathReading:
    """What a path says; empty text, None and disc 0 mean that it says nothing about it.

    `tags` are the marks that were taken off the album's name: format, pressing, label.
    """

    artist: str = ""
    album: str = ""
    year: int | None = None
    disc: int = 0
    track: int | None = None
    title: str = ""
    tags: tuple[str, ...] = ()


def segments(path: str) -> tuple[str, ...]:
    """The folders (and the file) of a remote path without drive, share marker and empty parts."""
    parts = [part.strip()[:LONGEST_NAME] for part in path.replace("/", "\\").split("\\")]
    parts = [part for part in parts if part]
    if parts and _ROOT_MARK.match(parts[0]):
        parts = parts[1:]
    return tuple(parts)


def read_path(path: str) -> PathReading:
    """Read a remote path; its last part is taken for a file when it ends like one."""
    parts = segments(path)
    if not parts:
        return PathReading()
    stem, extension = split_extension(parts[-1])
    if not extension:
        return read_folder(parts)
    track = read_track(stem)
    folder = read_folder(parts[:-1])
    title, artist, album = track.title, folder.artist, folder.album
    if track.of and not album:
        album = track.of
    if track.by and (not artist or normalise(track.by) == normalise(artist)):
        artist = artist or track.by
        title = _after_claim(title, track.by)
    return PathReading(
        artist, album, folder.year, track.disc or folder.disc, track.track, title, folder.tags
    )


def _after_claim(title: str, claim: str) -> str:
    return " - ".join(DASH.split(title)[1:]).strip() if title.startswith(claim) else title


@lru_cache(maxsize=8192)
def read_folder(parts: tuple[str, ...]) -> PathReading:
    """Read the folders of an album, outermost first."""
    disc = 0
    while len(parts) > 1:
        pure = disc_of_folder(parts[-1], parts[-2])
        if pure:
            disc = disc or pure
        elif not is_format(parts[-1]):
            break
        parts = parts[:-1]
    if not parts or is_root(parts[-1]):
        return PathReading(disc=disc)
    return _read_album(parts[-1], parts[:-1], disc)


def _read_album(name: str, above: tuple[str, ...], disc: int) -> PathReading:
    text, marked = split_disc(_spaced(name))
    parent, parent_year = _artist_above(above)
    text, tags, year = _take_brackets(_divided_by_year(text, parent))
    parts, more_tags, part_year, dated = _take_parts(text)
    if part_year is not None:
        parts, year = _place_year(
            parts, part_year, year, only_artist=_only_artist(parts, parent, dated)
        )
    artist, rest = _divide(parts, parent, dated=dated)
    album = " - ".join(rest)
    if year is None:
        album, year = _year_beside(album)
    return PathReading(
        artist=_unsorted(artist),
        album=album or (name.strip() if not artist and not year else ""),
        year=year or parent_year,
        disc=disc or marked,
        tags=(*tags, *more_tags),
    )


def _divided_by_year(text: str, parent: str) -> str:
    """`Artist (1997) Album` as `Artist - (1997) Album`, where nothing but a year divides them."""
    match = _YEAR_BETWEEN.match(text)
    if match is None or (parent and not _same(match["by"], parent)):
        return text
    rest = _BRACKET.sub(" ", match["rest"]).strip()
    found = words(rest)
    if not found or is_format(rest) or only_describes(found) or DASH.search(rest):
        return text
    return f"{match['by']} - {text[match.end('by') :].strip()}"


def _only_artist(parts: list[str], parent: str, dated: bool) -> bool:
    """Whether nothing but the artist stands beside a year."""
    return len(parts) == 1 and (_same(parts[0], parent) if parent else not dated)


def _place_year(
    parts: list[str], found: int, bracketed: int | None, *, only_artist: bool
) -> tuple[list[str], int | None]:
    """A year between dashes dates the album, unless the album is called like a year."""
    if not parts:
        return [str(found)], bracketed  # "1989", "1989 (2014)"
    if only_artist and bracketed not in (None, found):
        return [*parts, str(found)], bracketed  # "Taylor Swift - 1989 (2014)"
    return parts, found  # a year in brackets beside it is that of a pressing


def _same(name: str, other: str) -> bool:
    return significant(words(name)) == significant(words(other))


def _spaced(name: str) -> str:
    """Scene names: dots, underscores and bare hyphens instead of blanks; wide signs as plain ones."""
    text = name.strip()
    if not text.isascii():
        text = _QUOTED_ALBUM.sub(r"\1 - \2 ", text.translate(WIDE)).strip()
    if " " in text:
        return text.replace("_", " ")
    if text.count("-") >= 2:
        text = _scene(text)
    text = text.replace("_", " ")
    if " " not in text and text.count(".") >= 2 and not re.fullmatch(r"(?:\w\.)+\w?", text):
        text = text.replace(".", " ")
    return text


def _scene(text: str) -> str:
    """`Artist-Album-CD-FLAC-1997-GROUP` as `Artist - Album [CD] [FLAC] (1997)`."""
    parts = [part for part in text.replace("_-_", "-").split("-") if part]
    if len(parts) > 4 and 1 in (len(parts[0]), len(parts[1])):
        parts[:2] = ["-".join(parts[:2])]  # "Jay-Z", "T-Pain"
    marks = [i for i, part in enumerate(parts) if i >= 2 and _is_mark(part)]
    if not marks or not any(_YEAR.match(part) for part in parts[2:]):
        return text
    year = next(part for part in parts[2:] if _YEAR.match(part))
    album = "-".join(parts[1 : marks[0]])
    sources = " ".join(f"[{parts[i]}]" for i in marks if not _YEAR.match(parts[i]))
    return f"{parts[0]} - {album} ({year}) {sources}".rstrip()


def _is_mark(part: str) -> bool:
    if _YEAR.match(part) or part[0] in "([" or is_format(part.replace("_", " ")):
        return True
    found = words(part)
    return names_pressing(found) and only_describes(found)


def _take_brackets(text: str) -> tuple[str, list[str], int | None]:
    """The name without the brackets that only describe; those describing; a year among them."""
    tags: list[str] = []
    years: list[int] = []

    def decide(match: re.Match[str]) -> str:
        content = (match[1] if match[1] is not None else match[2] or match[3] or "").strip()
        if _YEAR.match(content):
            years.append(int(content[:4]))
            return " "
        found = words(content)
        square = match[1] is None
        if content and (is_format(content) or (found and only_describes(found)) or square):
            tags.append(content)
            return " "
        return match.group()

    behind = _FORMAT_BEHIND.search(text)
    if behind:  # "Album (2008) 320"
        tags.append(behind["run"].strip())
        text = text[: behind.start("run")]
    stripped = " ".join(_BRACKET.sub(decide, text).split()).strip(" -–—_,")
    if not stripped and not years:
        return text.strip(), [], None
    return stripped, tags, years[0] if years else None


def _take_parts(text: str) -> tuple[list[str], list[str], int | None, bool]:
    """Divide at dashes; take off index, year and format parts. `dated`: the year came first."""
    tags: list[str] = []
    year: int | None = None
    dated = False
    parts = [part.strip(" -–—_") for part in DASH.split(_INDEX.sub("", text, count=1))]
    parts = [part for part in parts if part]
    if len(parts) > 1 and re.fullmatch(r"\d{1,2}", parts[0]) and len(parts[0]) < len(text) // 4:
        parts = parts[1:]  # "03 - OK Computer" among the albums of an artist
    kept: list[str] = []
    for index, part in enumerate(parts):
        if year is None and _YEAR.match(part):
            year, dated = int(part[:4]), index == 0
        elif kept and _only_marks(part, sure=len(kept) > 1):
            tags.append(part)
        else:
            kept.append(part)
    if kept:
        kept[-1], tail = _take_format_tail(kept[-1])
        tags.extend(tail)
    return kept, tags, year, dated


def _only_marks(part: str, *, sure: bool) -> bool:
    """Whether a part marks a pressing; one lone word may be the album ("Eric Prydz - Opus")."""
    found = words(part)
    if not sure and not _FORMAT_WORD.match(part) and (len(found) < 2 or not is_format(part)):
        # "Jay-Z - The Black Album", "The 1975 - The 1975": colours and years name as well
        return len(found) > 1 and names_pressing(found) and only_describes(found)
    return is_format(part) or (bool(found) and only_describes(found) and not _YEAR.match(part))


def _take_format_tail(part: str) -> tuple[str, list[str]]:
    match = _FORMAT_TAIL.search(part)
    if match and _HAS_STRONG.search(match["run"]):
        return part[: match.start()].rstrip(" -–—_,"), [match["run"].strip()]
    return part, []


def _year_beside(album: str) -> tuple[str, int | None]:
    """`1997 OK Computer` and `OK Computer 1997`; a name that is a year keeps it."""
    match = _YEAR_FIRST.match(album)
    if match:
        return album[match.end() :].strip(" -–—_."), int(match[1])
    match = _YEAR_LAST.search(album)
    if match and significant(words(album)) != (match[1],):  # "The 1975"
        return album[: match.start()].strip(" -–—_,"), int(match[1])
    return album, None


def _divide(parts: list[str], parent: str, *, dated: bool) -> tuple[str, list[str]]:
    """Which part is the artist; the folder above settles it when it repeats or must be it."""
    if not parts:
        return parent, []
    if len(parts) == 1:
        return parent, parts
    if parent and _same(parts[0], parent):
        return parts[0], parts[1:]
    if parent and dated:
        return parent, parts  # "Artist\1997 - Album - Subtitle"
    if normalise(parts[0]) in _VARIOUS:
        return "Various Artists", parts[1:]
    return parts[0], parts[1:]


@lru_cache(maxsize=4096)
def _artist_above(above: tuple[str, ...]) -> tuple[str, int | None]:
    """The artist that the folders above an album name, and a year that stands between them."""
    year: int | None = None
    for name in reversed(above):
        text, _, _ = _take_brackets(_spaced(name))
        text = _DISCOGRAPHY.sub("", _take_format_tail(text)[0]).strip()
        plain = normalise(text)
        if plain in _VARIOUS:
            return "Various Artists", year
        if is_root(text):
            return "", year
        if _YEAR.match(text):
            year = year or int(text[:4])
        elif text and len(plain) != 1 and not _is_shelf(plain) and not is_format(text):
            parts, _, _, _ = _take_parts(text)
            return (_unsorted(parts[0]) if parts else text), year
    return "", year


def is_root(name: str) -> bool:
    """Whether a folder of this name only holds music, any music ("Music", "Shared", "Jazz")."""
    plain = normalise(name)
    return plain in _ROOTS or plain in _ROOT_PHRASES


def is_dump(name: str) -> bool:
    """Whether a folder of this name may hold songs of any album ("Complete Discography")."""
    return all(
        word in _DUMPS or word in _SHELVES or word in _ROOTS for word in normalise(name).split()
    )


def _is_shelf(plain: str) -> bool:
    return bool(plain) and all(word in _SHELVES for word in plain.split())


@lru_cache(maxsize=8192)
def is_format(name: str) -> bool:
    """Whether a name says nothing but how the music was encoded or ripped ("[FLAC 24-96]")."""
    bare = name.strip(" []()")
    if not bare or len(bare) > 80 or bare[0] == "+":  # "+44" is a band
        return False
    return _FORMAT.match(bare) is not None


def _unsorted(artist: str) -> str:
    """`Beatles, The` as people say it."""
    match = _SORTED_NAME.match(artist.strip())
    return f"{match[2]} {match[1]}" if match else artist.strip()
