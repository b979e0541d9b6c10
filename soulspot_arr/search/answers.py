"""What was answered is kept: releases for the day they are grabbed, answers for a while.

An equal question within that time is not asked again: half an hour when something was found, hours
and then days when the whole ladder has found nothing, again and again (peers §3.5). What could not
be asked to the end, because of an outage, a ban or a spent budget, is never kept as "not found".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr.blocklist import Blocklist
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Release
from soulspot_arr.errors import NotFound, ReleaseGone
from soulspot_arr.models import Answer, ReleaseRow
from soulspot_arr.rules import offers, titles
from soulspot_arr.rules.blocking import Blocks
from soulspot_arr.search.climb import MOST
from soulspot_arr.settings import Settings

_KEY_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Find:
    """A release of an answer: what orders it, and what the catalogue said its album is."""

    release: Release
    standing: tuple[float, ...]
    wanted: Mapping[str, Any] | None = None


class Answers:
    """The kept answers and releases."""

    def __init__(
        self, database: Database, settings: Settings, *, clock: Clock, blocklist: Blocklist
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._blocklist = blocklist

    # -- reading -----------------------------------------------------------------------------------

    def fresh(self, key: str) -> tuple[list[Release], int | None] | None:
        """The releases of a kept answer and its question; None when it has to be asked (again).

        What was blocked meanwhile is left out. When nothing else is left, others are asked for.
        """
        with self._db.read() as session:
            answer = session.get(Answer, key)
            if answer is None or not self._is_fresh(answer):
                return None
            found = session.scalars(
                select(ReleaseRow).where(ReleaseRow.id.in_(answer.release_keys))
            )
            by_key = {row.id: _release(row) for row in found}
        blocks = self._blocklist.snapshot()
        known = [by_key[kept] for kept in answer.release_keys if kept in by_key]
        allowed = [(found, _unblocked(found, blocks)) for found in known]
        # A release is named after its main offer: without that it is not shown any more.
        releases = [left for was, left in allowed if left.offers[:1] == was.offers[:1]]
        if answer.release_keys and not releases:
            return None  # none of them is kept any more
        return releases, answer.question_id

    def _is_fresh(self, answer: Answer) -> bool:
        if answer.release_keys and answer.whole:
            seconds = float(self._settings.get("search.cache"))
        elif answer.whole and answer.misses:
            steps = self._settings.get("search.empty_cache")
            seconds = float(steps[min(answer.misses, len(steps)) - 1])
        else:  # its texts must not be asked again before that anyway
            seconds = self._settings.repeat_after
        # A clock that was ahead must not make an answer last for days.
        age = self._clock() - answer.answered_at
        return timedelta() <= age <= timedelta(seconds=seconds) if seconds else False

    def release(self, key: str) -> Release:
        """A remembered release by the first 32 digits of its key, with the offers not blocked since.

        Raises ReleaseGone when it is not kept any more, or everybody who offers it is blocked, and
        NotFound for what cannot be a key.
        """
        if len(key) != _KEY_DIGITS or not all(digit in "0123456789abcdef" for digit in key):
            raise NotFound(f"{key!r} is not a release.")
        with self._db.read() as session:
            row = session.scalar(
                select(ReleaseRow).where(ReleaseRow.id >= key, ReleaseRow.id <= key + "g")
            )
        if row is None:
            raise ReleaseGone("The release is not kept any more; search again.")
        release, blocks = _release(row), self._blocklist.snapshot()
        allowed = _unblocked(release, blocks)
        if not allowed.offers:
            why = blocks.refuses(release.offers[0])
            raise ReleaseGone(f"The release is not offered any more: {why}.")
        return allowed

    # -- writing -----------------------------------------------------------------------------------

    def keep(
        self,
        keys: Sequence[str],
        finds: Sequence[Find],
        question_id: int | None,
        *,
        settled: bool = True,
    ) -> list[Release]:
        """Keep an answer in place of older ones; an empty one as not searched to the end.

        One whose album was not `settled` is kept only as long as its texts must not be repeated.
        """

        def write(session: Session) -> list[Release]:
            releases = self._remember(session, finds)
            for answer in self._answers(session, keys):
                if finds:
                    answer.misses = 0
                answer.whole, answer.question_id = settled and bool(finds), question_id
                self._fill(answer, releases, [find.standing for find in finds])
            return releases

        return self._insist(write)

    def add(
        self,
        keys: Sequence[str],
        finds: Sequence[Find],
        question_id: int | None,
        *,
        settled: bool = True,
    ) -> None:
        """Merge later finds into answers, which are fresh again by that."""

        def write(session: Session) -> list[Release]:
            releases = self._remember(session, finds)
            for answer in self._answers(session, keys):
                self._merge(session, answer, finds)
                answer.misses, answer.whole, answer.question_id = 0, settled, question_id
            return releases

        self._insist(write)

    def _merge(self, session: Session, answer: Answer, finds: Sequence[Find]) -> None:
        standings = dict(zip(answer.release_keys, answer.standings or [], strict=False))
        standings |= {find.release.key: list(find.standing) for find in finds}
        rows = session.scalars(select(ReleaseRow).where(ReleaseRow.id.in_(standings)))
        known = {row.id: row for row in rows}
        order = sorted(known, key=lambda found: (standings[found], found))
        kept = self._best(order, known)
        self._fill(answer, [_release(known[found]) for found in kept], [standings[k] for k in kept])

    def missed(self, keys: Sequence[str], question_id: int | None) -> None:
        """The whole ladder has found nothing, once more; an answer that holds something stays."""

        def write(session: Session) -> list[Release]:
            for answer in self._answers(session, keys):
                if not answer.release_keys or not self._is_fresh(answer):
                    answer.misses, answer.whole = answer.misses + 1, True
                    answer.question_id = question_id
                    self._fill(answer, [], [])
            return []

        self._insist(write)

    def _answers(self, session: Session, keys: Sequence[str]) -> list[Answer]:
        """In one order, so that two writers wait for each other."""
        return [self._answer(session, key) for key in sorted(keys)]

    def _answer(self, session: Session, key: str) -> Answer:
        answer = session.get(Answer, key, with_for_update=True)
        if answer is None:
            answer = Answer(query_key=key, release_keys=[], misses=0, whole=False)
            answer.answered_at = self._clock()
            session.add(answer)
        return answer

    def _fill(
        self, answer: Answer, releases: Sequence[Release], standings: Sequence[Sequence[float]]
    ) -> None:
        answer.release_keys = [release.key for release in releases]
        answer.standings = [[float(number) for number in standing] for standing in standings]
        answer.answered_at = self._clock()

    def _best(self, order: Sequence[str], known: Mapping[str, ReleaseRow]) -> list[str]:
        """As many of each album in each quality as an answer of one piece would show."""
        most = int(self._settings.get("search.per_quality"))
        shown: dict[tuple[str, str, str], int] = {}
        kept: list[str] = []
        for key in order:
            row = known[key]
            kind = row.artist, row.album, row.quality
            shown[kind] = shown.get(kind, 0) + 1
            if shown[kind] <= most and len(kept) < MOST:
                kept.append(key)
        return kept

    def _insist(self, write: Callable[[Session], list[Release]]) -> list[Release]:
        """Write once more when another question has just found the same: now the rows are there."""
        try:
            with self._db.write() as session:
                return write(session)
        except IntegrityError:
            with self._db.write() as session:
                return write(session)

    def _remember(self, session: Session, finds: Sequence[Find]) -> list[Release]:
        """Write release rows in one order, so that two writers wait for each other."""
        now = self._clock()
        kept: dict[str, Release] = {}
        for find in sorted(finds, key=lambda found: found.release.key):
            row = session.get(ReleaseRow, find.release.key)
            release = _fuller(row, find.release)
            release = replace(release, title=_stable_title(row, release))
            session.merge(_row(release, wanted=find.wanted, seen_at=now))
            kept[release.key] = release
        session.flush()
        return [kept[find.release.key] for find in finds]


def _stable_title(row: ReleaseRow | None, release: Release) -> str:
    """The same offer keeps its title for ever, unless Lidarr could not match it to this question.

    Lidarr's blocklist compares titles (contract lidarr §8.2).
    """
    if row is None:
        return release.title
    fits = titles.search_accepts(row.title, release.artist, release.album)
    return row.title if fits and row.quality == release.quality else release.title


def _fuller(row: ReleaseRow | None, release: Release) -> Release:
    """An answer is a sample (contract slskd §11.1): one that shows less takes no files away."""
    known = offers.from_json(row.offers) if row is not None else ()
    if not known:
        return release
    shown = {file.path for file in release.offers[0].files}
    missed = {file.path for file in known[0].files} > shown
    return replace(release, offers=(known[0], *release.offers[1:])) if missed else release


def _unblocked(release: Release, blocks: Blocks) -> Release:
    """Without the offers that may not be asked for; what is left may be nothing."""
    if not blocks:
        return release
    allowed = tuple(offer for offer in release.offers if blocks.refuses(offer) is None)
    return release if allowed == release.offers else replace(release, offers=allowed)


def _row(release: Release, *, wanted: Mapping[str, Any] | None, seen_at: datetime) -> ReleaseRow:
    return ReleaseRow(
        id=release.key,
        title=release.title,
        artist=release.artist,
        album=release.album,
        year=release.year,
        quality=release.quality,
        size=release.size,
        score=release.score,
        offers=offers.to_json(release.offers),
        wanted=dict(wanted) if wanted is not None else None,
        published_at=release.published_at,
        last_seen_at=seen_at,
    )


def _release(row: ReleaseRow) -> Release:
    return Release(
        key=row.id,
        title=row.title,
        artist=row.artist,
        album=row.album,
        year=row.year,
        quality=row.quality,
        score=row.score,
        offers=offers.from_json(row.offers),
        published_at=row.published_at,
    )
