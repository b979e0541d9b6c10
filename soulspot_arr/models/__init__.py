"""The tables. Models carry properties, not queries; a query lives in the workshop that needs it.

One schema for SQLite and PostgreSQL: 64-bit keys, enums as text with a CHECK (changing a native
PostgreSQL enum is a migration trap), and a naming convention for every constraint, because SQLite
batch migrations can only address what has a name.
"""

from __future__ import annotations

from soulspot_arr.models.base import Base
from soulspot_arr.models.grabs import IS_LIVE, IS_OPEN, Download, Grab, of_instance, spelled_out
from soulspot_arr.models.keeping import (
    BlockRow,
    Counter,
    Echo,
    Event,
    JobRun,
    Lease,
    Look,
    SettingRow,
    SourceRow,
    Strike,
)
from soulspot_arr.models.searching import (
    COMPLETED,
    RUNNING,
    Answer,
    Ban,
    CatalogueRow,
    Dig,
    LessonRow,
    QuestionRow,
    ReleaseRow,
    SearchRow,
)

__all__ = [
    "COMPLETED",
    "IS_LIVE",
    "IS_OPEN",
    "RUNNING",
    "Answer",
    "Ban",
    "Base",
    "BlockRow",
    "CatalogueRow",
    "Counter",
    "Dig",
    "Download",
    "Echo",
    "Event",
    "Grab",
    "JobRun",
    "Lease",
    "LessonRow",
    "Look",
    "QuestionRow",
    "ReleaseRow",
    "SearchRow",
    "SettingRow",
    "SourceRow",
    "Strike",
    "of_instance",
    "spelled_out",
]
