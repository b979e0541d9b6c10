"""The one tree of errors: facts with a stable code, a sentence for people and, where it helps, data.

An error never logs, formats a page or knows a status code: the edges translate it
(REST to problem JSON, SABnzbd to its error envelope, Newznab to an error document, the command
line to an exit status). `retryable` says whether the same call may succeed later unchanged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar


class SoulSpotError(Exception):
    """Base of everything this project raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class ConfigError(SoulSpotError):
    """The service cannot start like this; exit status 78 (EX_CONFIG) and one line to stderr."""

    code = "config_invalid"


class DatabaseTrouble(SoulSpotError):
    """The database cannot be read or written right now: locked, full disk, server away."""

    code = "database_trouble"
    retryable = True


# -- the caller can mend these ---------------------------------------------------------------------


class InvalidInput(SoulSpotError):
    """The caller sent something that cannot be used as it is."""

    code = "invalid_input"


class InvalidNzb(InvalidInput):
    """Not an NZB, not one of ours, or one of ours that somebody changed."""

    code = "invalid_nzb"


class ForeignNzb(InvalidNzb):
    """A sound NZB that carries no token of ours: somebody else's Usenet release."""

    code = "foreign_nzb"


class InvalidQuery(InvalidInput):
    """A search that cannot be asked."""

    code = "invalid_query"


class InvalidSetting(InvalidInput):
    """A setting that does not exist or a value it does not take."""

    code = "invalid_setting"


class NotFound(SoulSpotError):
    """There is no such thing."""

    code = "not_found"


class GrabNotFound(NotFound):
    """No grab has this id."""

    code = "grab_not_found"


class ReleaseGone(NotFound):
    """The release was known once and is not kept any more."""

    code = "release_gone"


class QuestionNotFound(NotFound):
    """No question has this id, or it is not kept any more."""

    code = "question_not_found"


class BlockNotFound(NotFound):
    """The blocklist has no such line, or not any more."""

    code = "block_not_found"


class Conflict(SoulSpotError):
    """The thing exists, but not in a state that allows this."""

    code = "conflict"


class IllegalTransition(Conflict):
    """No row of the transition table leads from here to there."""

    code = "illegal_transition"


class BlockExists(Conflict):
    """The blocklist has an equal line already; `data["id"]` names it."""

    code = "block_exists"


class OffersBlocked(Conflict):
    """Everybody who offers this album is on the blocklist, or what they offer is."""

    code = "offers_blocked"


class QueueFull(Conflict):
    """As many grabs as may be open are open; the same grab may be taken later."""

    code = "queue_full"
    retryable = True


class AskedAlready(Conflict):
    """The same text was asked of the network a moment ago; `at` says when."""

    code = "asked_already"

    def __init__(self, message: str, *, at: datetime) -> None:
        super().__init__(message)
        self.at = at


class TooManyQuestions(SoulSpotError):
    """As many questions as may wait at the same time are waiting already."""

    code = "too_many_questions"
    retryable = True


class LockedByEnvironment(Conflict):
    """The setting is pinned by an environment variable and cannot be changed here."""

    code = "locked_by_environment"


# -- raised by download sources only ---------------------------------------------------------------


class SourceError(SoulSpotError):
    """A download source could not do what it was asked; `source` is the source's stable name."""

    code = "source_error"

    def __init__(self, message: str, *, source: str, **data: Any) -> None:
        super().__init__(message, **data)
        self.source = source


class SourceUnavailable(SourceError):
    """No answer, a server error or a time-out: everything stays as it is and is tried again.

    With `unsent` the request has surely not reached the source.
    """

    code = "source_unavailable"
    retryable = True


class SourceOffline(SourceError):
    """The source answers, but has no connection to its network now: tried again."""

    code = "source_offline"
    retryable = True


class SourceThrottled(SourceError):
    """The source is busy with another request; `retry_after` is in seconds."""

    code = "source_throttled"
    retryable = True

    def __init__(self, message: str, *, source: str, retry_after: float, **data: Any) -> None:
        super().__init__(message, source=source, **data)
        self.retry_after = retry_after


class SourceRefused(SourceError):
    """The source refused this one request; `kind` is a `domain.FailureKind` value."""

    code = "source_refused"

    def __init__(self, message: str, *, source: str, kind: str, **data: Any) -> None:
        super().__init__(message, source=source, **data)
        self.kind = kind


class SourceAuth(SourceError):
    """The source rejects our credentials: stop and tell a person."""

    code = "source_auth"


class SourceProtocol(SourceError):
    """An answer that is not understood; `data["excerpt"]` keeps its first characters."""

    code = "source_protocol"


# -- raised while finishing a grab -----------------------------------------------------------------


class CompletionError(SoulSpotError):
    """A finished grab could not be handed over."""

    code = "completion_error"


class FilesMissing(CompletionError):
    """The source says it succeeded, but the file is not where it should be."""

    code = "files_missing"


class FileCorrupt(CompletionError):
    """The file is there and cannot be read as audio, or has another size."""

    code = "file_corrupt"


class DiskFull(CompletionError):
    """Our own disk is full or read-only; nobody else is to blame."""

    code = "disk_full"
    retryable = True


class OutsideRoot(CompletionError):
    """A path would lead outside the folder it has to stay in."""

    code = "outside_root"


class LidarrError(SoulSpotError):
    """Lidarr's own API did not answer as hoped; never fatal, the work goes on without it."""

    code = "lidarr_error"
    retryable = True


class CatalogueError(SoulSpotError):
    """A provider of the catalogue is silent or busy; never fatal, searches do without it."""

    code = "catalogue_error"
    retryable = True


class ServarrError(SoulSpotError):
    """Lidarr or Prowlarr cannot be set up or asked; the sentence says what to do."""

    code = "servarr_error"
