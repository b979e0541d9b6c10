"""What the doctor found out, before anybody judges it: plain values, None for "not known"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Peerage:
    """What slskd says of itself beside being there."""

    version: str
    port: int | None  # where peers reach it
    open: bool | None  # whether that port takes a connection from here


@dataclass(frozen=True, slots=True)
class Folder:
    """The same folder seen by three programs, proven with a file that we put there."""

    root: str  # slskd's download folder as we see it
    source_root: str  # the same as slskd names it
    complete: str  # where finished grabs go
    trouble: str = ""  # why the file could not be written in slskd's folder
    slskd_sees: bool | None = None
    one_disk: bool | None = None  # a file is moved from the one to the other without a copy
    lidarr_path: str = ""  # where Lidarr looks for what we place
    lidarr_sees: bool | None = None
    elsewhere: tuple[str, str] | None = None  # our folder, and the same as Lidarr sees it
    found_at: str = ""  # the folder in which Lidarr found what it does not see at `lidarr_path`
    unplaced: str = ""  # why it could not be moved from there among the finished grabs


@dataclass(frozen=True, slots=True)
class Owner:
    """Who we are to the file system, and what others have left for us."""

    user: int
    group: int
    umask: int | None
    folder_user: int | None = None  # owner of slskd's download folder
    locked: tuple[str, ...] = ()  # folders of others there in which we may not move files
    locked_user: int | None = None
    wished: Mapping[str, str] = field(default_factory=dict)  # PUID and PGID of our environment


@dataclass(frozen=True, slots=True)
class PathMapping:
    """One remote path mapping of Lidarr's."""

    host: str
    remote: str
    local: str


@dataclass(frozen=True, slots=True)
class PathWay:
    """How the path that we report becomes the one that Lidarr looks at."""

    host: str  # of our download client, as it was entered there
    reported: str
    ours: tuple[str, ...]  # paths.mappings
    theirs: tuple[PathMapping, ...]

    @property
    def applying(self) -> PathMapping | None:
        """The mapping that Lidarr applies to our path, the first that fits."""
        for each in self.theirs:
            remote = each.remote.rstrip("/\\") + "/"
            if each.host.lower() == self.host.lower() and f"{self.reported}/".startswith(remote):
                return each
        return None

    @property
    def looked_at(self) -> str:
        """Where Lidarr looks."""
        found = self.applying
        if found is None:
            return self.reported
        rest = self.reported[len(found.remote.rstrip("/\\")) :].lstrip("/\\")
        return f"{found.local.rstrip('/')}/{rest}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Entry:
    """What would have to be done with one of our entries in Lidarr."""

    title: str
    action: str  # "create", "update", "keep"
    red: str = ""  # what Lidarr's Test says when it is not green


@dataclass(frozen=True, slots=True)
class LidarrView:
    """How we stand in Lidarr."""

    entries: tuple[Entry, ...] = ()
    complaints: tuple[tuple[str, str, bool], ...] | None = ()  # words of its health, fix, grave
    paths: PathWay | None = None
    trouble: str = ""  # why it could not be found out
    too_old: bool = False  # that is why
    tested: bool = True  # whether Lidarr's Test was pressed
    slowest: float = 0.0  # seconds it took at most for a plain answer
    unasked: tuple[str, ...] = ()  # what there was no time for


@dataclass(frozen=True, slots=True)
class Budget:
    """Searches of the present window."""

    used: float  # share, 1.0 is all
    rate: int
    window: float


@dataclass(frozen=True, slots=True)
class Door:
    """A round trip through our own front doors, as Lidarr makes it."""

    url: str
    listening: bool
    trouble: str = ""  # what was not answered as it has to be
    steps: tuple[str, ...] = ()  # what worked


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it."""

    peerage: Peerage | None = None
    folder: Folder | None = None
    owner: Owner | None = None
    clocks: Mapping[str, float] = field(default_factory=dict)  # who -> seconds ahead of us
    database: str | None = None  # what is wrong with it, empty for nothing
    data_free: int | None = None  # bytes where the database lies
    budget: Budget | None = None
    lidarr: LidarrView | None = None
    door: Door | None = None
