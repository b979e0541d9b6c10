"""Why an answer is what it is, as a table for the terminal.

It shows what is kept of a question and judges nothing. Eighty to a hundred and twenty columns wide;
colours only where somebody looks.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from soulspot_arr.rules.columns import cut, cut_left, fit, printable
from soulspot_arr.search import Search
from soulspot_arr.search.climb import LOOKUP
from soulspot_arr.search.questions import Explanation, Outcome, Phase

NARROWEST, WIDEST = 80, 120
_LOOK_EVERY = 0.2
_MOST_SHOWN = 12
_LEAST_OF_A_PATH = 24  # columns; with fewer left the folder has a line of its own
_MIB, _GIB = 1024**2, 1024**3

_BOLD, _DIM, _GREEN, _YELLOW, _RED, _PLAIN = (
    f"\x1b[{code}m" for code in ("1", "2", "32", "33", "31", "0")
)
_COLOURS = {"offered": _GREEN, "alternate": _GREEN, "spare": _YELLOW, "refused": _RED}
_OUTCOMES = {
    Outcome.SURE: "surely found",
    Outcome.FOUND: "found, but not surely",
    Outcome.NOTHING: "nothing found",
    Outcome.BUSY: "not searched to the end: the search budget is used up",
    Outcome.CUT: "not searched to the end: the time was over",
    Outcome.SKIPPED: "not searched to the end: the same was asked elsewhere a moment ago",
    Outcome.OUTAGE: "slskd could not be asked; see `soulspot-arr doctor`",
    Outcome.BANNED: "not searched: Soulseek seems to have banned us; see `soulspot-arr doctor`",
    Outcome.UNCONFIGURED: "slskd is not set up; see `soulspot-arr doctor`",
    Outcome.LOST: "the search was ended half way",
}
_PROVIDERS = {"lidarr": "Lidarr", "musicbrainz": "MusicBrainz"}
_NOBODY = "there are only names to go by, and names alone are never sure."
_LEGEND = "sure: that it is the album, rank: of the format, soon: by slot, queue and speed"


def wait_for(search: Search, question_id: int, *, seconds: float) -> Explanation:
    """The explanation as soon as Lidarr would have its answer, or after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        found = search.questions.find(question_id)
        if found.phase is not Phase.RUNNING or time.monotonic() > until:
            return found
        time.sleep(_LOOK_EVERY)


def report(why: Explanation, *, width: int = WIDEST, colours: bool = False) -> str:
    """Everything worth reading about one question; `width` is kept between 80 and 120."""
    page = _Page(max(NARROWEST, min(width, WIDEST)), colours)
    lines = list(page.head(why))
    if why.rungs:
        lines += ["", *page.texts(why.rungs)]
    if why.offers:
        lines += ["", *page.offers(why.offers, why.others)]
        best = why.offers[0]
        if best["map"]:
            lines += ["", *page.map(best)]
    return "\n".join(lines)


class _Page:
    """Lines of one width."""

    def __init__(self, width: int, colours: bool) -> None:
        self._width = width
        self._colours = colours

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours else text

    # -- the question --------------------------------------------------------------------------

    def head(self, why: Explanation) -> Iterator[str]:
        asked = " - ".join(part for part in (why.artist, why.album, why.term) if part)
        year = f" ({why.year})" if why.year else ""
        yield self._in(_BOLD, cut(asked + year, self._width))
        yield from self._wrap(_known(why.provider, why.wanted))
        if why.counts.get("searches") or why.counts.get("peers"):
            yield from self._wrap(_counted(why.counts))
        elif not why.rungs and _outcome(why) is Outcome.NOTHING:
            yield from self._wrap("These names hold no word that could be asked for.")
        outcome = "still searching" if why.phase is Phase.RUNNING else _OUTCOMES[_outcome(why)]
        more = "; further texts are asked in the background" if why.phase is Phase.DIGGING else ""
        good = _outcome(why) in {Outcome.SURE, Outcome.FOUND}
        # An answer that is kept may be days old.
        when = f" ({why.started_at:%Y-%m-%d %H:%M} UTC)"
        for line in self._wrap(f"Outcome: {outcome}{more}{when}."):
            yield self._in(_GREEN if good else _YELLOW, line)

    def _wrap(self, text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text, self._width, initial_indent=indent, subsequent_indent=indent
        ) or [""]

    # -- what was asked ------------------------------------------------------------------------

    def texts(self, rungs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        room = self._width - 49
        yield self._in(
            _DIM, f"{'text':<{room}} {'tries':<13}{'came back':>20} {'new':>5} {'time':>8}"
        )
        for line in rungs:
            back = f"{line['folders']} {'folder' if line['folders'] == 1 else 'folders'}"
            if line["outcome"] not in {"answered", "remembered"}:
                back = line["outcome"]
            elif line["outcome"] == "remembered":
                back += " (known)"
            yield (
                f"{fit(line['text'], room)} {line['kind']:<13}{back:>20} "
                f"{line['offers']:>+5} {line['seconds']:>6.1f} s"
            )
            if line["note"] and line["kind"] != LOOKUP:
                yield from self._aside(line["note"])

    def _aside(self, text: str) -> Iterator[str]:
        for line in self._wrap(printable(text), " " * 11):
            yield self._in(_DIM, line)

    # -- what was found ------------------------------------------------------------------------

    def offers(
        self, offers: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
    ) -> Iterator[str]:
        room = self._width - 68
        beside = room >= _LEAST_OF_A_PATH
        yield self._in(
            _DIM,
            f"{'verdict':<10}{'sure':>5} {'format':<13}{'rank':>4} {'soon':>4} {'files':>5} "
            f"{'size':>8}  " + (f"{'peer':<12} folder" if beside else "peer"),
        )
        for offer in offers[:_MOST_SHOWN]:
            verdict = self._in(_COLOURS[offer["verdict"]], f"{offer['verdict']:<10}")
            whose = (
                f"{fit(offer['peer'], 12)} {cut_left(offer['folder'], room)}".rstrip()
                if beside
                else cut(offer["peer"], room + 13)
            )
            yield (
                f"{verdict}{int(offer['identity'] * 100):>4}% {fit(offer['format'], 13)}"
                f"{offer['quality']:>4} {offer['utility']:>4.0%} {offer['files']:>5} "
                f"{_size(offer['size']):>8}  {whose}"
            )
            if not beside:
                yield " " * 11 + cut_left(offer["folder"], self._width - 11)
            yield from self._aside("; ".join(offer["reasons"]))
        rest = max(0, len(offers) - _MOST_SHOWN)
        counted = "; ".join(f"{entry['count']} {entry['reason']}" for entry in others[:5])
        if rest or counted:
            more = f"and {rest} more" if rest else "and others"
            yield from self._wrap(printable(f"{more}{': ' + counted if counted else ''}"))
        yield ""
        yield from (self._in(_DIM, line) for line in self._wrap(_LEGEND))

    def map(self, offer: Mapping[str, Any]) -> Iterator[str]:
        edition = offer["edition"] or {}
        notes = [edition.get("disambiguation"), edition.get("country"), edition.get("year")]
        told = ", ".join(str(note) for note in notes if note)
        title = f'The best one, file by file: "{edition.get("title", "")}"'
        yield self._in(_DIM, cut(f"{title}{f' ({told})' if told else ''}", self._width))
        room = (self._width - 21) // 2
        for pair in offer["map"]:
            gap = "" if pair["gap"] is None else f"{round(pair['gap']):+d} s"
            alike = "" if pair["likeness"] is None else f"{pair['likeness']:.0%}"
            yield (
                f"{pair['disc']}-{pair['number']:02d}  {fit(pair['track'], room)} "
                f"{fit(pair['file'], room)} {alike:>5}{gap:>7}"
            )


def _outcome(why: Explanation) -> Outcome:
    return Outcome(why.outcome) if why.outcome else Outcome.LOST


def _counted(counts: Mapping[str, int]) -> str:
    searches = counts.get("searches", 0)
    return (
        f"{searches} {'search' if searches == 1 else 'searches'}: "
        f"{counts.get('peers', 0)} peers, {counts.get('folders', 0)} folders, "
        f"{counts.get('candidates', 0)} offers, {counts.get('accepted', 0)} acceptable, "
        f"{counts.get('offered', 0)} shown to Lidarr."
    )


def _known(provider: str, wanted: Mapping[str, Any] | None) -> str:
    who = _PROVIDERS.get(provider)
    if wanted is None:
        return "Nobody was asked what the album is."
    if who is None:
        if wanted.get("settled", True):
            return (
                f"Neither Lidarr nor MusicBrainz knows the album, or neither is set up: {_NOBODY}"
            )
        return f"Lidarr or MusicBrainz did not answer in time: {_NOBODY}"
    editions = wanted["editions"]
    counts = sorted({edition["tracks"] for edition in editions})
    styles = ", ".join([wanted["kind"] or "album", *wanted["styles"]])
    told = f"{who} knows it: {wanted['artist']} - {wanted['album']}"
    told += f" ({wanted['year']})" if wanted["year"] else ""
    told += f", {styles}"
    if counts:
        span = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        how = "edition" if len(editions) == 1 else "editions"
        told += f", {len(editions)} {how} of {span} tracks"
        told += "" if wanted["any_edition"] else ", of which only the chosen one will do"
    return f"{told}."


def _size(size: int) -> str:
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size / _MIB:.0f} MiB"
