"""Under which keys the answer to a question is kept: its own, and that of Lidarr's text for it.

Lidarr asks for an album by artist and title, and when nothing came of that by one text of both
(contract lidarr §6.3). The text shall find the answer of the question before it; two albums whose
names only join to the same text shall never share one.
"""

from __future__ import annotations

import hashlib

from soulspot_arr.domain import Query
from soulspot_arr.rules.spelling import as_question


def keys_of(query: Query) -> tuple[str, ...]:
    """The question's own key first; equal for questions that mean the same, however spelled."""
    by, album, year = as_question(query.artist), as_question(query.album), str(query.year or "")
    if not (by and album):
        kind = "artist" if by else "album" if album else "text"
        return (_hashed(kind, by, album, as_question(query.term), year),)
    own = _hashed("album", by, album, "", year)
    if by == album:  # Lidarr adds the year then, 0 when it is unknown
        return own, _text(f"{query.artist} {query.album} {query.year or 0}")
    # A year in a question for another album is not Lidarr's: its text has none.
    return (own,) if query.year else (own, _text(f"{query.artist} {query.album}"))


def _text(text: str) -> str:
    return _hashed("text", "", "", as_question(text), "")


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
