"""How other programs decide which folder is the album: our paraphrase of what their source does.

None of this is their code, and none of it runs their programs: it is the deciding step alone, as
we read it, on the same folders that our rule sees. What Lidarr or a verification after the
download would still catch is not counted. Rules that know no editions name none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.wanted import Edition, Wanted
from tests.corpus.mutations import fold
from tests.corpus.verdict import Pick

Rule = Callable[[Wanted, Sequence[RawFolder]], Pick | None]

_AUDIO = {"flac", "mp3", "m4a", "ogg", "opus", "wma", "ape", "wav", "aac", "alac"}
_LOSSLESS = {"flac", "wav", "ape", "alac"}


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _name(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _audio(folder: RawFolder) -> list[RawFile]:
    return [file for file in folder.files if _extension(file.path) in _AUDIO]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text).casefold())


def _pick(folder: RawFolder, edition: Edition | None = None) -> Pick:
    return Pick(tuple((folder.peer, file.path) for file in _audio(folder)), edition)


# -- soularr ---------------------------------------------------------------------------------------

_QUALITIES: tuple[Callable[[RawFile], bool], ...] = (
    lambda file: _extension(file.path) == "flac" and file.bit_depth == 24,
    lambda file: _extension(file.path) == "flac" and file.bit_depth == 16,
    lambda file: _extension(file.path) == "flac",
    lambda file: _extension(file.path) == "mp3" and file.bitrate == 320,
    lambda file: _extension(file.path) == "mp3",
)
_SIMILAR = 0.8


def soularr(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """Exact number of files of one type, and every title found in some file name (difflib > 0.8).

    Releases with the most common number of tracks come first; users come in the order of their
    answers. When no folder holds the whole, one folder for each disc, from anybody.
    """
    editions = _usual_first(wanted)
    for quality in _QUALITIES:
        for edition in editions:
            for folder in folders:
                titles = [track.title for track in edition.tracks]
                if _soularr_fits(folder, titles, quality, wanted.album):
                    return _pick(folder, edition)
            if edition.discs > 1:
                discs = _by_disc(folders, edition, quality, wanted.album)
                if discs:
                    return discs
    return None


def _usual_first(wanted: Wanted) -> list[Edition]:
    counts = [len(edition.tracks) for edition in wanted.editions]
    return sorted(wanted.editions, key=lambda edition: -counts.count(len(edition.tracks)))


def _by_disc(
    folders: Sequence[RawFolder],
    edition: Edition,
    quality: Callable[[RawFile], bool],
    album: str,
) -> Pick | None:
    files: list[tuple[str, str]] = []
    for _, tracks in groupby(edition.tracks, key=lambda track: track.disc):
        titles = [track.title for track in tracks]
        found = next((f for f in folders if _soularr_fits(f, titles, quality, album)), None)
        if found is None:
            return None
        files += _pick(found).files
    return Pick(tuple(files), edition)


def _soularr_fits(
    folder: RawFolder, titles: Sequence[str], quality: Callable[[RawFile], bool], album: str
) -> bool:
    audio = _audio(folder)
    if len(audio) != len(titles) or not quality(audio[0]):
        return False
    if len({_extension(file.path) for file in audio}) > 1:
        return False
    end = _extension(audio[0].path)
    names = [_name(file.path) for file in audio]
    return all(any(_alike(f"{title}.{end}", name, album) for name in names) for title in titles)


def _alike(expected: str, name: str, album: str) -> bool:
    if _ratio(expected, name) or _ratio(f"{album} {expected}", name):
        return True
    for blank in (" ", "_"):
        words = name.split(blank)
        count = len(expected.split(blank))
        if len(words) > count and _ratio(expected, blank.join(words[-count:])):
            return True
    return False


def _ratio(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other)
    # The two quick ratios are upper bounds: asking them first changes no answer.
    return (
        matcher.real_quick_ratio() > _SIMILAR
        and matcher.quick_ratio() > _SIMILAR
        and matcher.ratio() > _SIMILAR
    )


# -- slskd-lidarr-bridge ---------------------------------------------------------------------------


def bridge(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """Free slot, speed and queue give the order; Lidarr's reading of the title is the only check.

    The title is made of the last two parts of the path; Lidarr finds artist and album in it.
    """
    artist, album = " ".join(_words(wanted.artist)), " ".join(_words(wanted.album))
    for folder in sorted(folders, key=lambda f: (not f.free_slot, -f.speed, f.queue_length)):
        if not _audio(folder):
            continue
        parts = re.split(r"[\\/]", folder.path)
        title = f" {' '.join(_words(' - '.join(parts[-2:])))} "
        place = title.find(f" {artist} ") if artist else 0
        if place >= 0 and f" {album} " in title[place + len(artist) :]:
            return _pick(folder)
    return None


# -- Tubifarry -------------------------------------------------------------------------------------


def tubifarry(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """Fuzzy names anywhere in the path, then Lidarr's order of qualities, then points."""
    best: tuple[tuple[bool, float], RawFolder] | None = None
    least = min((len(edition.tracks) for edition in wanted.editions), default=1)
    for folder in folders:
        audio = _audio(folder)
        if not audio or not _tubifarry_named(wanted, folder.path):
            continue
        points = _tubifarry_points(folder, len(audio), least)
        lossless = _extension(audio[0].path) in _LOSSLESS
        if points > 0 and (best is None or (lossless, points) > best[0]):
            best = (lossless, points), folder
    return _pick(best[1]) if best else None


def _tubifarry_named(wanted: Wanted, path: str) -> bool:
    text, artist, album = path.casefold(), wanted.artist.casefold(), wanted.album.casefold()
    if not _same_volume(wanted.album, path):
        return False
    return (fuzz.partial_ratio(album, text) > 85 or fuzz.token_sort_ratio(album, text) > 80) and (
        fuzz.partial_ratio(artist, text) > 90 or fuzz.token_sort_ratio(artist, text) > 85
    )


def _same_volume(album: str, path: str) -> bool:
    volume = r"\b(?:vol(?:ume)?\.?|part|pt\.?)\s*(\d+|[ivx]+)\b"
    wanted, found = re.search(volume, album, re.I), re.search(volume, path, re.I)
    return not wanted or not found or wanted[1].casefold() == found[1].casefold()


def _tubifarry_points(folder: RawFolder, count: int, least: int) -> float:
    locked = sum(file.locked for file in folder.files) / len(folder.files)
    if locked >= 0.5 or count <= least / 2:
        return 0
    ratio = count / least
    counted = 2500 * (ratio**2 if ratio < 1 else max(0.0, 1 - (ratio - 1) / 2))
    return (
        counted
        + 2000 * (1 - locked) ** 2
        + min(1800.0, 300 * math.log10(1 + folder.speed))
        + 1500 * 0.94**folder.queue_length
        + 800 * folder.free_slot
    )


# -- sldl ------------------------------------------------------------------------------------------

_DISC = re.compile(r"[\\/](?:cd|disc|disk)\s*\d+[^\\/]*$", re.IGNORECASE)


def sldl(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """Discs of a folder together, the number of files of some release, then a list of preferences.

    Every word of artist and album has to stand in the path, because it has been searched for.
    """
    needed = set(_words(wanted.artist) + _words(wanted.album))
    by_count = {len(edition.tracks): edition for edition in reversed(wanted.editions)}
    best: tuple[tuple[object, ...], Pick] | None = None
    for root, parts in _merged(folders):
        audio = [(part.peer, file) for part in parts for file in _audio(part)]
        edition = by_count.get(len(audio))
        if edition is None or needed - set(_words(root + " " + _name(audio[0][1].path))):
            continue
        rank = _sldl_rank(wanted, root, parts[0], audio[0][1])
        if best is None or rank < best[0]:
            files = tuple((peer, file.path) for peer, file in audio)
            best = rank, Pick(files, edition)
    return best[1] if best else None


def _merged(folders: Iterable[RawFolder]) -> Iterator[tuple[str, list[RawFolder]]]:
    found: dict[tuple[str, str], list[RawFolder]] = {}
    for folder in folders:
        if _audio(folder):
            found.setdefault((folder.peer, _DISC.sub("", folder.path)), []).append(folder)
    for (_, root), parts in found.items():
        yield root, parts


def _sldl_rank(wanted: Wanted, root: str, folder: RawFolder, file: RawFile) -> tuple[object, ...]:
    name = _name(root)
    brackets = "[" in name and "[" not in wanted.album
    asked = f"{wanted.artist} {wanted.album}".casefold()
    return (
        file.seconds is None,
        brackets and not re.search(r"\[(?:flac|\d+|v0)", name, re.I),
        wanted.album.casefold() not in name.casefold(),
        wanted.artist.casefold() not in root.casefold(),
        _extension(file.path) not in {"mp3", "flac"},
        not folder.free_slot,
        -(folder.speed // 650_000),
        Levenshtein.distance(asked, name.casefold()),
    )


# -- SoulSync --------------------------------------------------------------------------------------

_VARIANTS = {"live", "remix", "instrumental", "karaoke", "acoustic", "demo", "tribute", "cover"}
_ENOUGH = 0.62


def soulsync(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """A weighted sum of names, count and titles; the best folder of at least 0.62."""
    best: tuple[float, Pick] | None = None
    for folder in folders:
        if not _audio(folder):
            continue
        for edition in wanted.editions[:1]:
            score = _soulsync_score(wanted, edition, folder)
            if score >= _ENOUGH and (best is None or score > best[0]):
                best = score, _pick(folder, edition)
    return best[1] if best else None


def _soulsync_score(wanted: Wanted, edition: Edition, folder: RawFolder) -> float:
    audio = _audio(folder)
    parts = [" ".join(_words(part)) for part in re.split(r"[\\/]", folder.path)]
    artist, album = " ".join(_words(wanted.artist)), " ".join(_words(wanted.album))
    by = max(fuzz.ratio(artist, part) for part in parts) / 100
    by = 1.0 if any(artist in part for part in parts) else by
    if by < 0.25:
        return 0.0
    name = fuzz.token_set_ratio(album, parts[-1]) / 100
    count = max(0.0, 1 - abs(len(audio) - len(edition.tracks)) / len(edition.tracks))
    variants = (_VARIANTS & set(parts[-1].split())) - set(_words(wanted.album))
    return (
        0.24 * name
        + 0.16 * by
        + 0.16 * count
        + 0.28 * _soulsync_coverage(edition, audio)
        + 0.06 * (str(wanted.year) in folder.path)
        + 0.06 * (_extension(audio[0].path) in _LOSSLESS)
        + 0.04 * folder.free_slot
        - 0.15 * bool(variants)
    )


def _soulsync_coverage(edition: Edition, audio: Sequence[RawFile]) -> float:
    names = [re.sub(r"^[\W\d]+", "", _name(file.path).rpartition(".")[0]) for file in audio]
    plain = [" ".join(_words(name)) for name in names]
    found = sum(
        any(fuzz.ratio(" ".join(_words(track.title)), name) >= 72 for name in plain)
        for track in edition.tracks
    )
    return found / len(edition.tracks)


RULES: dict[str, Rule] = {
    "soularr": soularr,
    "bridge": bridge,
    "tubifarry": tubifarry,
    "sldl": sldl,
    "soulsync": soulsync,
}
