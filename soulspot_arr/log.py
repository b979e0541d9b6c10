"""Logging set-up: one stream, secrets masked, the grab or job at hand on every line.

INFO is for the person who runs the service, DEBUG for the engineer. Modules log through
`logging.getLogger(__name__)`; only this module configures handlers.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_context: ContextVar[str] = ContextVar("soulspot_context", default="")

# Keys travel in query strings of both emulations and in headers of what we call ourselves.
_SECRET = re.compile(
    r"(?i)(api[_-]?key|password|secret|token|\bsig)([\"']?\s*[=:]\s*[\"']?)([^&\s\"',}]+)"
)


def mask(text: str) -> str:
    """The text with every key and password replaced by stars."""
    return _SECRET.sub(r"\1\2*****", text)


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Mark every line logged inside with the grab (`nzo_id`) or job it is about."""
    token = _context.set(subject)
    try:
        yield
    finally:
        _context.reset(token)


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _Text(_Masked):
    def format(self, record: logging.LogRecord) -> str:
        record.subject = f"[{subject}] " if (subject := _context.get()) else ""
        return super().format(record)


class _Json(_Masked):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "about": _context.get(),
            "message": mask(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure(level: str = "INFO", form: str = "text") -> None:
    """Send everything to stderr; replaces an earlier configuration."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(_Json())
    else:
        handler.setFormatter(_Text("%(asctime)s %(levelname)-7s %(subject)s%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("apscheduler", "urllib3", "alembic", "waitress", "musicbrainzngs"):
        logging.getLogger(noisy).setLevel("WARNING" if level != "DEBUG" else "INFO")
