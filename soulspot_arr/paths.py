"""Where files are: slskd's folder, ours, and the one Lidarr must see.

Three programs may see the same disk under three names. `source_root` is slskd's download folder as
slskd sees it, `local_root` the same as this service sees it, `complete_dir` our folder for finished
grabs, and `reported` turns our path into Lidarr's. Nothing is read from a file here but "is it
there", and nothing made but the folders of categories.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath

from soulspot_arr import disk
from soulspot_arr.errors import DiskFull
from soulspot_arr.models import Download
from soulspot_arr.rules import naming, watching
from soulspot_arr.settings import Settings
from soulspot_arr.sources import landing

COMPLETE = "soulspot"
SOURCE_ROOT = "_source_root"


class Paths:
    """Answers path questions from settings and from what slskd said last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def remember_root(self, root: str) -> None:
        """Keep what the source told about its folder, for the times when it is down."""
        if root and root != self._settings.internal(SOURCE_ROOT):
            self._settings.put_internal({SOURCE_ROOT: root})

    @property
    def source_root(self) -> str:
        """The source's download folder as the source sees it; empty while unknown."""
        return str(
            self._settings.get("paths.source_root") or self._settings.internal(SOURCE_ROOT, "")
        )

    @property
    def told_root(self) -> str:
        """The same folder as text, which may be a Windows path; empty while unknown."""
        return str(self._settings.get("paths.local_root")) or self.source_root

    @property
    def local_root(self) -> Path | None:
        """The same folder as we see it; None while unknown, or when it is no path of this system."""
        root = self.told_root
        return Path(root) if root.startswith("/") else None

    def told_folder(self, placement: str) -> str:
        """A folder (`/` between its parts) below a root that nobody looks at, written like it."""
        root = self.told_root
        slash = "\\" if landing.looks_like_windows(root) and "/" not in root else "/"
        return slash.join((root.rstrip("\\/"), *placement.split("/")))

    @property
    def complete_dir(self) -> Path | None:
        """Our folder of finished grabs; None while unknown."""
        configured = str(self._settings.get("paths.complete_dir"))
        if configured:
            return Path(configured)
        root = self.local_root
        return root / COMPLETE if root else None

    def category_folder(self, category: str) -> str:
        """Folder name of a category below `complete_dir`; empty for the default category."""
        return "" if category in {"", "*"} else naming.safe_component(category, 80)

    def prepare_folders(self) -> None:
        """Make the folder of every category: Lidarr complains while its own is missing (lidarr §2)."""
        complete = self.complete_dir
        report = self._settings.get("completion.mode") == "report"
        if complete is None or report or not self.visible():
            return
        for name in self._settings.categories():
            with suppress(DiskFull):  # the health check tells why
                disk.make_folder(complete / self.category_folder(name))

    def reported(self, path: str) -> str:
        """One of our paths as Lidarr sees it."""
        pairs = [
            (ours.strip(), theirs.strip())
            for ours, _, theirs in (
                pair.partition("=") for pair in self._settings.get("paths.mappings")
            )
        ]
        return naming.remap(path, pairs)

    def visible(self) -> bool:
        """Whether the source's download folder can be seen from here."""
        root = self.local_root
        try:
            return root is not None and root.is_dir()
        except OSError:
            return False

    def ours(self, source_path: str) -> Path | None:
        """A path as the source told it, as we see it; None when it lies outside its folder."""
        root, local = self.source_root, self.local_root
        if not root or local is None:
            return None
        here = naming.remap(source_path, [(root, str(local))]).replace("\\", "/")
        return Path(here) if naming.contained(str(local), here) else None

    def incoming(self, nzo_id: str) -> Path | None:
        """Where the files of a grab arrive, as we see it."""
        root = self.local_root
        return root / naming.INCOMING / naming.safe_component(nzo_id) if root else None

    def placed(self, placement: str, name: str) -> Path | None:
        """A file in a folder relative to the source's root, as we see it."""
        root = self.local_root
        if root is None:
            return None
        path = root.joinpath(*PurePosixPath(placement.replace("\\", "/")).parts, name)
        return path if naming.contained(str(root), str(path)) else None

    def free(self) -> tuple[int, int]:
        """Free and total bytes where finished grabs go; zeros while that is unknown."""
        folder = self.complete_dir
        return disk.free_bytes(folder) if folder else (0, 0)

    def landed(self, file: Download) -> Path | None:
        """Where a fetched file lies now, whole; None while it is not there with its exact size.

        A folder of slskd's own may hold somebody else's file of that name and size: only what was
        written after we asked is ours there (contract slskd §6.3). Before we asked, nothing is.
        """
        if file.claimed_at is None:
            return None
        if file.local_path:
            told = self.ours(file.local_path)
            if told is not None and told.is_file() and told.stat().st_size == file.size:
                return told
        windows = landing.looks_like_windows(self.source_root)
        name = landing.landing_name(file.remote_path, windows)
        placement = file.placement or ""
        spot = self.placed(placement, name) if name else None
        if spot is None:
            return None
        asked = (file.claimed_at - watching.CLOCK_SKEW).timestamp()
        since = 0.0 if naming.is_incoming(placement) else asked
        return disk.find_landed(spot.parent, spot.name, file.size, since=since)


def destination(nzo_id: str, offer_index: int, disc: int) -> str:
    """Folder, relative to the source's root, that a batch of a grab is told to land in."""
    parts = [naming.INCOMING, nzo_id, str(offer_index), naming.disc_folder(disc)]
    return "/".join(part for part in parts if part)
