"""The raw answers of the last minutes, kept in the memory of this process.

The same text must not be asked twice within minutes (contract slskd §11.1), and questions share
texts: Lidarr asks for an album in two ways, and albums of one name have one text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from soulspot_arr.domain import Clock, RawFolder

Folders = tuple[RawFolder, ...]

MOST_FILES = 30_000
"""Files of all answers together, about 15 MB; a single larger answer is not kept at all."""


class RecentAnswers:
    """Answers by their text; `seconds` says how long they are used."""

    def __init__(self, seconds: Callable[[], float], *, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._answers: OrderedDict[str, tuple[datetime, int, Folders]] = OrderedDict()
        self._files = 0
        self._lock = threading.Lock()

    def get(self, text: str) -> Folders | None:
        """What was answered to this text a moment ago; None when nobody remembers."""
        with self._lock:
            self._forget()
            found = self._answers.get(text)
            return found[2] if found is not None else None

    def put(self, text: str, folders: Sequence[RawFolder]) -> None:
        """Remember an answer; the oldest ones make room."""
        size = sum(len(folder.files) for folder in folders)
        with self._lock:
            self._drop(text)
            if size <= MOST_FILES and self._seconds() > 0:
                self._answers[text] = (self._clock(), size, tuple(folders))
                self._files += size
            self._forget()

    def forget(self) -> None:
        """Give the memory of old answers back."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        now, limit = self._clock(), timedelta(seconds=self._seconds())
        # A clock that was set back makes answers look as if they came from the future.
        old = [text for text, (at, _, _) in self._answers.items() if abs(now - at) >= limit]
        for text in old:
            self._drop(text)
        while self._files > MOST_FILES:
            self._drop(next(iter(self._answers)))

    def _drop(self, text: str) -> None:
        found = self._answers.pop(text, None)
        if found is not None:
            self._files -= found[1]
