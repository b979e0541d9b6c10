"""What stock Lidarr makes of an answer it cannot use: one class per consequence.

These are not errors of this project. They name what would happen inside Lidarr, so that a test or
a presenter can say it in one sentence.
"""

from __future__ import annotations


class LidarrFault(Exception):
    """Something stock Lidarr would complain about; the text is written for a person."""


class ClientError(LidarrFault):
    """The download client answered, but with an error or with something unreadable."""


class ClientUnavailable(LidarrFault):
    """The download client did not answer: refused, timed out or unresolvable."""


class WholePollLost(ClientError):
    """One value of a type Lidarr cannot read: the complete answer is thrown away with it."""

    def __init__(self, where: str, field: str, value: object, why: str) -> None:
        super().__init__(f"{where}: {field} = {value!r}: {why}")
        self.where = where
        self.field = field
        self.value = value
        self.why = why


class RejectedByClient(LidarrFault):
    """The client took the upload and returned no id: the next candidate is tried, nobody is blamed."""


class ReleaseUnavailable(LidarrFault):
    """The NZB link answered 404 or 410: counted as rejected, nobody is blamed."""


class NzbFetchFailed(LidarrFault):
    """The NZB link failed otherwise; `indexer_blamed` says whether the indexer is penalised."""

    def __init__(self, message: str, *, indexer_blamed: bool) -> None:
        super().__init__(message)
        self.indexer_blamed = indexer_blamed


class InvalidNzb(LidarrFault):
    """The NZB link delivered something that is not an NZB."""


class IndexerFault(LidarrFault):
    """The indexer failed: one step of back-off."""


class ApiKeyRefused(IndexerFault):
    """The indexer says that the API key is wrong or missing."""


class LimitReached(IndexerFault):
    """The indexer throttles: disabled for `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FeedUnsupported(IndexerFault):
    """An item without a publish date makes Lidarr refuse the whole feed."""
