"""Reads the album texts of `tests/corpus/albums` into targets with everything Lidarr would know.

The format is told in `tests/corpus/README.md`. Nothing here invents tracks: ids, fractions of a
second and the choice of the monitored edition are derived from the text by hashing, so that the
same text gives the same target on every machine.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

ALBUMS = Path(__file__).parent / "albums"
HARD = Path(__file__).parent / "hard"  # with folders written by hand, see `hard_cases`
HARD_STRATUM = "hardcases"
STRATA = (
    "mainstream",
    "selftitled",
    "live",
    "volumes",
    "multidisc",
    "various",
    "soundtracks",
    "epsingle",
    "classical",
    "nonlatin",
    "hardnames",
    HARD_STRATUM,
)
KINDS = {"album", "ep", "single"}
STYLES = {"live", "compilation", "soundtrack", "remix", "demo", "mixtape", "dj-mix"}
EXTRAS = {"disambiguation", "aliases", "titles"}
SAME_MASTER = 3.0  # seconds: what differs by no more is the same recording (corpus README)

_DISC = re.compile(r"\[disc (\d{1,2})(?:: *(.+))?\]", re.IGNORECASE)
_LENGTH = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d\d)")
_SPACE = uuid.UUID("6f6f9f1e-7a54-4d0b-9d38-b8a3a5b0c1de")


class BadAlbum(ValueError):
    """A line of an album text that cannot be understood; names file and line."""


@dataclass(frozen=True, slots=True)
class Target:
    """One album to be found: its id, its stratum, and what the catalogue says about it."""

    id: str  # "stratum/artist/album", with the disambiguation in brackets where there is one
    stratum: str
    wanted: Wanted
    discs: tuple[str, ...] = ()  # subtitles of the discs of the first edition, often empty
    source: str = ""  # file and line, for complaints

    @property
    def frozen(self) -> bool:
        """Whether it belongs to the fifth whose failures nobody looks at."""
        return is_frozen(self.id)

    @property
    def first(self) -> Edition:
        """The edition that the text spells out."""
        return self.wanted.editions[0]

    def recordings(self) -> dict[str, WantedTrack]:
        """Every recording of every edition by its id."""
        return {track.recording_id: track for one in self.wanted.editions for track in one.tracks}


def is_frozen(target_id: str) -> bool:
    """One target in five, for ever the same ones."""
    return int(hashlib.sha256(target_id.encode()).hexdigest(), 16) % 5 == 0


def chance(*words: str) -> float:
    """A number in [0, 1) that depends on nothing but the words."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return int.from_bytes(digest[:6], "big") / float(1 << 48)


def made_id(*words: str) -> str:
    """An id that looks like MusicBrainz's and depends on nothing but the words."""
    return str(uuid.uuid5(_SPACE, "\0".join(words)))


@dataclass(slots=True)
class _Track:
    title: str
    seconds: int
    artist: str
    disc: int
    key: str  # of the recording, within the album


@dataclass(slots=True)
class _Pressing:
    name: str
    country: str
    year: int | None
    tracks: list[_Track] = field(default_factory=list)
    disc: int = 1


@dataclass(slots=True)
class _Sheet:
    """One album while its lines are being read."""

    where: str
    artist: str
    album: str
    year: int | None
    kind: str
    styles: frozenset[str]
    extras: dict[str, str]
    pressings: list[_Pressing]
    discs: dict[int, str] = field(default_factory=dict)
    keys: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def key_of(self, title: str, seconds: int, *, bonus: bool) -> str:
        """A bonus track that two editions share is one recording; twins on one disc are two."""
        known = self.keys.setdefault(title.casefold(), [])
        if bonus:
            for length, key in known:
                taken = any(track.key == key for track in self.pressings[-1].tracks)
                if abs(length - seconds) <= SAME_MASTER and not taken:
                    return key
        key = f"{title.casefold()}#{len(known)}"
        known.append((seconds, key))
        return key


def parse(text: str, *, stratum: str, name: str) -> list[Target]:
    """The targets of one album text; BadAlbum with file and line for what cannot be read."""
    targets: list[Target] = []
    sheet: _Sheet | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line, where = raw.strip(), f"{name}:{number}"
        if not line or line == "#" or line.startswith(("# ", "##", "> ", ">> ")):
            continue
        if not unicodedata.is_normalized("NFC", line):
            raise BadAlbum(f"{where}: not in Unicode form NFC: {line}")
        if line.startswith("@"):
            if sheet:
                targets.append(_finish(sheet, stratum))
            sheet = _header(line, where)
        elif sheet is None:
            raise BadAlbum(f"{where}: a track before the first album: {line}")
        else:
            _line(sheet, line, where)
    if sheet:
        targets.append(_finish(sheet, stratum))
    return targets


def _header(line: str, where: str) -> _Sheet:
    cells = [cell.strip() for cell in line[1:].split("|")]
    if not 4 <= len(cells) <= 6:
        raise BadAlbum(f"{where}: expected artist | album | year | kind | styles | extras: {line}")
    artist, album, year, kind, styles, extras = (*cells, "", "")[:6]
    if not artist or not album:
        raise BadAlbum(f"{where}: artist or album is missing: {line}")
    if kind.lower() not in KINDS:
        raise BadAlbum(f"{where}: kind {kind!r} is none of {sorted(KINDS)}")
    words = frozenset(word.strip().lower() for word in styles.split(",") if word.strip())
    if words - STYLES:
        raise BadAlbum(f"{where}: styles {sorted(words - STYLES)} are unknown")
    return _Sheet(
        where=where,
        artist=artist,
        album=album,
        year=_year(year, where),
        kind=kind.lower(),
        styles=words,
        extras=_extras(extras, where),
        pressings=[_Pressing("", "", _year(year, where))],
    )


def _extras(text: str, where: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        key, equals, value = part.partition("=")
        if not equals or key.strip() not in EXTRAS:
            raise BadAlbum(f"{where}: {part!r} is not one of {sorted(EXTRAS)} with a value")
        found[key.strip()] = value.strip()
    return found


def _year(text: str, where: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"(19|20)\d\d", text):
        raise BadAlbum(f"{where}: {text!r} is not a year")
    return int(text)


def _line(sheet: _Sheet, line: str, where: str) -> None:
    here = sheet.pressings[-1]
    further = len(sheet.pressings) > 1
    disc = _DISC.fullmatch(line)
    if disc:
        here.disc = int(disc[1])
        if disc[2] and not further:
            sheet.discs[here.disc] = disc[2].strip()
    elif line.startswith("* "):
        sheet.pressings.append(_pressing(sheet, line, where))
    elif not further:
        here.tracks.append(_track(sheet, line, where, bonus=False))
    elif line.startswith("+ "):
        track = _track(sheet, line[2:], where, bonus=True)
        after = [n for n, other in enumerate(here.tracks) if other.disc <= track.disc]
        here.tracks.insert(after[-1] + 1 if after else 0, track)
    elif line.startswith("- "):
        here.tracks.remove(_named(here, line[2:].strip(), where))
    elif line.startswith("~ "):
        _remaster(sheet, line, where)
    else:
        raise BadAlbum(f"{where}: below an edition expected '+', '-', '~' or '[disc N]': {line}")


def _pressing(sheet: _Sheet, line: str, where: str) -> _Pressing:
    cells = [cell.strip() for cell in line[2:].split("|")]
    if len(cells) > 3:
        raise BadAlbum(f"{where}: expected * name | country | year: {line}")
    name, country, year = (*cells, "", "")[:3]
    first = sheet.pressings[0]
    if not first.tracks:
        raise BadAlbum(f"{where}: an edition before the first track: {line}")
    copies = [replace(track) for track in first.tracks]
    return _Pressing(name, country, _year(year, where), copies, copies[-1].disc)


def _track(sheet: _Sheet, text: str, where: str, *, bonus: bool) -> _Track:
    title, _, length = (part.strip() for part in text.rpartition("|"))
    seconds = seconds_of(length)
    if not title or not seconds:
        raise BadAlbum(f"{where}: expected Title | m:ss: {text}")
    artist, slashes, rest = title.partition(" // ")
    if slashes:
        title = rest.strip()
    key = sheet.key_of(title, seconds, bonus=bonus)
    disc = sheet.pressings[-1].disc
    return _Track(title, seconds, artist.strip() if slashes else "", disc, key)


def seconds_of(text: str) -> int:
    """`4:44` or `1:02:03` in seconds; 0 for what is no length."""
    clock = _LENGTH.fullmatch(text)
    if not clock or int(clock[3]) > 59:
        return 0
    return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3])


def _named(here: _Pressing, title: str, where: str) -> _Track:
    plain = title.rpartition("|")[0].strip() if _LENGTH.search(title) and "|" in title else title
    plain = plain.partition(" // ")[2].strip() or plain
    for track in reversed(here.tracks):
        if track.title.casefold() == plain.casefold():
            return track
    raise BadAlbum(f"{where}: this edition has no track {plain!r}")


def _remaster(sheet: _Sheet, line: str, where: str) -> None:
    here = sheet.pressings[-1]
    known = _named(here, line[2:], where)
    changed = _track(sheet, line[2:], where, bonus=True)
    if abs(known.seconds - changed.seconds) <= SAME_MASTER:
        changed.key = known.key
    changed.disc, changed.artist = known.disc, known.artist
    here.tracks[here.tracks.index(known)] = changed


def _finish(sheet: _Sheet, stratum: str) -> Target:
    if not sheet.pressings[0].tracks:
        raise BadAlbum(f"{sheet.where}: an album without tracks: {sheet.artist} | {sheet.album}")
    more = sheet.extras.get("disambiguation", "")
    target = f"{stratum}/{sheet.artist}/{sheet.album}" + (f" ({more})" if more else "")
    chosen = 0
    if len(sheet.pressings) > 1 and chance(target, "monitored") >= 0.5:
        chosen = 1 + int(chance(target, "which") * (len(sheet.pressings) - 1))
    editions = tuple(
        _edition(sheet, pressing, target, monitored=number == chosen)
        for number, pressing in enumerate(sheet.pressings)
    )
    wanted = Wanted(
        artist=sheet.artist,
        album=sheet.album,
        year=sheet.year,
        disambiguation=more,
        artist_id=made_id("artist", sheet.artist),
        album_id=made_id("album", target),
        library_id=1 + int(chance(target, "library") * 90_000),
        kind=sheet.kind,
        styles=sheet.styles,
        aliases=_list(sheet.extras.get("aliases", "")),
        titles=_list(sheet.extras.get("titles", "")),
        any_edition=chance(target, "any") < 0.8,
        editions=editions,
        provider=Provider.LIDARR,
    )
    last = max(sheet.discs, default=0)
    discs = tuple(sheet.discs.get(number, "") for number in range(1, last + 1))
    return Target(target, stratum, wanted, discs, sheet.where)


def _edition(sheet: _Sheet, pressing: _Pressing, target: str, *, monitored: bool) -> Edition:
    id_ = made_id("edition", target, pressing.name, pressing.country, str(pressing.year))
    tracks = []
    numbers: dict[int, int] = {}
    for track in pressing.tracks:
        numbers[track.disc] = numbers.get(track.disc, 0) + 1
        recording = made_id("recording", target, track.key)
        # MusicBrainz keeps milliseconds; the texts are rounded to seconds.
        fraction = round(chance(recording, "fraction") - 0.5, 3)
        tracks.append(
            WantedTrack(
                title=track.title,
                disc=track.disc,
                number=numbers[track.disc],
                seconds=track.seconds + fraction,
                artist=track.artist,
                recording_id=recording,
                track_id=made_id("track", id_, track.key),
            )
        )
    return Edition(
        id=id_,
        title=sheet.album,
        tracks=tuple(tracks),
        disambiguation=pressing.name,
        country=pressing.country,
        year=pressing.year or sheet.year,
        monitored=monitored,
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def stratum_of(path: Path) -> str:
    """`various-2.txt` belongs to `various`; BadAlbum for a file of no stratum."""
    for stratum in STRATA:
        if path.stem.startswith(stratum):
            return stratum
    raise BadAlbum(f"{path.name}: the name begins with none of the strata")


def read(paths: Iterable[Path]) -> Iterator[Target]:
    """The targets of some album texts, in the order of the files."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        yield from parse(text, stratum=stratum_of(path), name=path.name)


@cache
def targets() -> tuple[Target, ...]:
    """Every target of the corpus, each id once; the first of equal ids stays."""
    found: dict[str, Target] = {}
    for target in read((*sorted(ALBUMS.glob("*.txt")), *sorted(HARD.glob("*.txt")))):
        found.setdefault(target.id, target)
    return tuple(found.values())
