"""From facts to lines: what each finding means, and a fix to copy. Pure.

Every code that stands here has its entry in `docs/troubleshooting.md`; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from soulspot_arr.connect.entries import NOUNS, Kind
from soulspot_arr.doctor.facts import Facts, Folder, Owner, PathMapping, PathWay
from soulspot_arr.domain import Check
from soulspot_arr.sources.slskd_wire import BATCHES_SINCE, parse_version

_BEST_EFFORT = (0, 22, 0)  # the oldest slskd that is tried at all
_SKEW = 60.0  # seconds; less is nothing
_SKEW_GRAVE = 600.0  # files look older or newer than they are (contract slskd §6.3)
_LOW_DATA = 100 * 1024**2
_SLOW = 5.0  # seconds for an answer; Lidarr's own page is hardly usable then


class Code(StrEnum):
    """Stable names of the findings."""

    DATABASE_SOUND = "database_sound"
    SLSKD_VERSION = "slskd_version"
    SLSKD_PORT = "slskd_port"
    DOWNLOADS_WRITABLE = "downloads_writable"
    SAME_FOLDER_SLSKD = "same_folder_slskd"
    SAME_DISK = "same_disk"
    PERMISSIONS = "permissions"
    CLOCK = "clock"
    SEARCH_BUDGET = "search_budget"
    ROUND_TRIP = "round_trip"
    LIDARR_VERSION = "lidarr_version"
    LIDARR_SLOW = "lidarr_slow"
    LIDARR_ENTRIES = "lidarr_entries"
    PATH_MAPPINGS = "path_mappings"
    SAME_FOLDER_LIDARR = "same_folder_lidarr"
    LIDARR_HEALTH = "lidarr_health"


def judge(facts: Facts) -> list[Check]:
    """One line for each thing that is known, in the order in which a person would mend them."""
    parts: tuple[Callable[[Facts], list[Check]], ...] = (
        _database,
        _version,
        _port,
        _same_folder,
        _permissions,
        _clock,
        _budget,
        _door,
        _lidarr_answers,
        _entries,
        _mappings,
        _lidarr_sees,
        _lidarr_health,
    )
    return [check for part in parts for check in part(facts)]


# -- ourselves -------------------------------------------------------------------------------------


def _database(facts: Facts) -> list[Check]:
    code = Code.DATABASE_SOUND
    if facts.database:
        fix = "Stop the service and restore soulspot.db from a backup, or start with a new one."
        return [Check(code, "error", f"The database is damaged: {facts.database}.", fix)]
    if facts.data_free is not None and facts.data_free < _LOW_DATA:
        words = f"Only {facts.data_free / 1024**2:.0f} MiB are free where the database lies."
        return [Check(code, "error", words, "Make room: df -h shows which disk is full.")]
    if facts.database is None:
        return []
    return [Check(code, "ok", "The database is sound.")]


def _budget(facts: Facts) -> list[Check]:
    budget, code = facts.budget, Code.SEARCH_BUDGET
    if budget is None:
        return []
    share = f"{min(budget.used, 9.99):.0%} of {budget.rate} searches in {budget.window:.0f} s"
    if budget.used >= 1.0:
        fix = (
            "Wait a few minutes: searching goes on by itself. Other programs that search through "
            "the same slskd count as well."
        )
        return [Check(code, "warning", f"The search budget is used up ({share}).", fix)]
    return [Check(code, "ok", f"The search budget is used to {share}.")]


def _door(facts: Facts) -> list[Check]:
    door, code = facts.door, Code.ROUND_TRIP
    if door is None:
        return []
    if not door.listening:
        fix = "Start it (docker compose up -d soulspot-arr), or run doctor where it runs."
        words = f"This service does not answer at {door.url}."
        return [Check(code, "warning", words, fix)]
    if door.trouble:
        fix = (
            "Look whether another program uses this port, and whether doctor runs with the "
            "environment of the service: docker compose exec soulspot-arr soulspot-arr doctor"
        )
        return [Check(code, "error", f"The round trip ended early: {door.trouble}", fix)]
    words = f"A self-test release went the whole way: {', '.join(door.steps)}."
    return [Check(code, "ok", words)]


# -- slskd -----------------------------------------------------------------------------------------


def _version(facts: Facts) -> list[Check]:
    if facts.peerage is None:
        return []
    version, code = facts.peerage.version, Code.SLSKD_VERSION
    numbers = parse_version(version)
    if numbers is None:
        return [Check(code, "ok", f"slskd is a build of its own ({version or 'no version'}).")]
    fix = "Update slskd: image slskd/slskd:latest, then docker compose pull && docker compose up -d"
    if numbers < _BEST_EFFORT:
        words = f"slskd {version} is too old; 0.26 or newer is needed."
        return [Check(code, "error", words, fix)]
    if numbers < BATCHES_SINCE:
        words = f"slskd {version} works, but cannot be told where files go; 0.26 or newer can."
        return [Check(code, "warning", words, fix)]
    return [Check(code, "ok", f"slskd {version} has all that is needed.")]


def _port(facts: Facts) -> list[Check]:
    if facts.peerage is None or facts.peerage.port is None or facts.peerage.open is None:
        return []
    port, code = facts.peerage.port, Code.SLSKD_PORT
    if facts.peerage.open:
        words = f"slskd takes connections of peers on port {port} (from here; your router decides "
        return [Check(code, "ok", f"{words}whether it is open to the world).")]
    fix = (
        f'Publish the port of slskd\'s container (ports: ["{port}:{port}"]) and forward it in '
        "your router; soulseek.listen_port in slskd.yml says which it is."
    )
    words = f"slskd's port for peers, {port}, takes no connection from here."
    return [Check(code, "warning", words, fix)]


# -- folders ---------------------------------------------------------------------------------------


def _same_folder(facts: Facts) -> list[Check]:
    folder = facts.folder
    if folder is None:
        return []
    code = Code.DOWNLOADS_WRITABLE
    if folder.trouble:
        words = f"Files in {folder.root} cannot be written and moved: {folder.trouble}."
        return [Check(code, "error", words, _chown(facts.owner, folder.root))]
    writable = Check(code, "ok", f"Files in {folder.root} can be written and moved.")
    if folder.unplaced:  # the folder of slskd's is fine
        words = (
            f"A file cannot be moved from {folder.root} to {folder.complete}: {folder.unplaced}."
        )
        writable = Check(code, "error", words, _chown(facts.owner, folder.complete))
    return [
        writable,
        *_seen_by_slskd(folder),
        *_one_disk(folder),
    ]


def _chown(owner: Owner | None, folder: str) -> str:
    if owner is None:
        return "Give the user of the service write permission there."
    return (
        f"chown -R {owner.user}:{owner.group} {folder}, or run the container as the owner of that "
        "folder (user: in the compose file)."
    )


def _seen_by_slskd(folder: Folder) -> list[Check]:
    code = Code.SAME_FOLDER_SLSKD
    if folder.slskd_sees is None:
        return []
    if folder.slskd_sees:
        return [Check(code, "ok", f"slskd sees the files that lie in {folder.root}.")]
    fix = "Give both containers the same line under volumes:, such as ./data:/data"
    if not f"{folder.source_root}/".startswith("/data/"):
        fix += ", and slskd SLSKD_DOWNLOADS_DIR: /data/downloads below it"
    if folder.root != folder.source_root:
        fix += "; then unset SOULSPOT_PATHS_LOCAL_ROOT"
    words = (
        f"{folder.root} here and {folder.source_root} in slskd are two folders: slskd does not see "
        "a file that we put there."
    )
    return [Check(code, "error", words, fix)]


def _one_disk(folder: Folder) -> list[Check]:
    code = Code.SAME_DISK
    if folder.one_disk is None:
        return []
    if folder.one_disk:
        return [Check(code, "ok", "Finished files are moved, not copied: it is one disk.")]
    fix = (
        "Put both below one mount (./data:/data instead of two volumes), or leave "
        "SOULSPOT_PATHS_COMPLETE_DIR empty. It works as it is, only slower."
    )
    words = f"{folder.root} and {folder.complete} are different mounts: every file is copied."
    return [Check(code, "warning", words, fix)]


def _permissions(facts: Facts) -> list[Check]:
    owner, code = facts.owner, Code.PERMISSIONS
    if owner is None:
        return []
    mask = "" if owner.umask is None else f" with umask {owner.umask:03o}"
    me = f"{owner.user}:{owner.group}{mask}"
    if owner.locked:
        return [_locked(owner, me)]
    folder_user = owner.folder_user
    if owner.user == 0 and folder_user not in {0, None}:
        fix = f'Set user: "{folder_user}:{folder_user}" for this service in the compose file.'
        words = f"This service runs as root, slskd's folder belongs to user {folder_user}."
        return [Check(code, "warning", words, fix)]
    wish = str(owner.wished.get("PUID", ""))
    if wish and wish != str(owner.user):
        group = owner.wished.get("PGID") or wish
        fix = f'Set user: "{wish}:{group}" in the compose file; PUID and PGID do nothing here.'
        words = f"PUID is {wish}, but this service runs as {me}."
        return [Check(code, "warning", words, fix)]
    words = f"This service runs as {me}; Lidarr should be the same user (its PUID and PGID)."
    return [Check(code, "ok", words)]


def _locked(owner: Owner, me: str) -> Check:
    count = f"{len(owner.locked)} folder{'s' if len(owner.locked) > 1 else ''}"
    words = (
        f"{count} of slskd's cannot be emptied by this service ({me}), for instance "
        f"{owner.locked[0]} of user {owner.locked_user}."
    )
    fix = (
        f'Run both as one user (user: "{owner.locked_user}:{owner.locked_user}" here), or give '
        "both one group and slskd SLSKD_UMASK=002; then chmod -R g+rwX on the downloads."
    )
    return Check(Code.PERMISSIONS, "error", words, fix)


def _clock(facts: Facts) -> list[Check]:
    if not facts.clocks:
        return []
    code = Code.CLOCK
    wrong = {who: ahead for who, ahead in facts.clocks.items() if abs(ahead) > _SKEW}
    if not wrong:
        return [Check(code, "ok", f"The clocks agree ({', '.join(facts.clocks)}).")]
    told = ", ".join(
        f"{who} is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
        for who, ahead in wrong.items()
    )
    level = "error" if any(abs(ahead) > _SKEW_GRAVE for ahead in wrong.values()) else "warning"
    fix = "Turn on time synchronisation on each machine: timedatectl set-ntp true"
    return [Check(code, level, f"The clocks do not agree: {told}.", fix)]


# -- Lidarr ----------------------------------------------------------------------------------------


def _lidarr_answers(facts: Facts) -> list[Check]:
    view = facts.lidarr
    if view is None:
        return []
    if view.too_old:
        fix = (
            "Update Lidarr: docker compose pull lidarr && docker compose up -d lidarr; then run: "
            "soulspot-arr connect lidarr"
        )
        return [Check(Code.LIDARR_VERSION, "error", view.trouble, fix)]
    if view.slowest < _SLOW and not view.unasked:
        words = f"Lidarr answers within {max(view.slowest, 0.1):.1f} s."
        return [] if view.trouble else [Check(Code.LIDARR_SLOW, "ok", words)]
    words = f"Lidarr is slow: it took {view.slowest:.0f} s for one answer."
    if view.unasked:
        words += f" There was no time left to look at {'; '.join(view.unasked)}."
    fix = (
        "Look at System > Tasks and System > Logs in Lidarr, and at processor, memory and disk of "
        "its machine (docker stats); its folder /config must not lie on a network drive. Grabs and "
        "imports take as much longer. Then run doctor again."
    )
    return [Check(Code.LIDARR_SLOW, "warning", words, fix)]


def _entries(facts: Facts) -> list[Check]:
    view = facts.lidarr
    if view is None or view.too_old:
        return []
    code, fix = Code.LIDARR_ENTRIES, "soulspot-arr connect lidarr"
    if view.trouble:
        return [Check(code, "warning", view.trouble, f"Run: {fix}")]
    red = [entry for entry in view.entries if entry.red]
    if red:
        words = " ".join(f"Lidarr's Test of the {each.title} is red: {each.red}" for each in red)
        return [Check(code, "error", words, f"Run: {fix}")]
    missing = [entry.title for entry in view.entries if entry.action == "create"]
    if missing:
        nouns = [title.partition(' "')[0] for title in missing]
        words = f"Lidarr has no {' and no '.join(nouns)} of ours."
        # Without the webhook imports work, some seconds later; without the others nothing does.
        level = "warning" if nouns == [NOUNS[Kind.HOOK]] else "error"
        return [Check(code, level, words, f"Run: {fix}")]
    other = [entry.title for entry in view.entries if entry.action == "update"]
    if other:
        words = f"In Lidarr something should be otherwise: {', '.join(other)}."
        return [Check(code, "warning", words, f"See: {fix} --dry-run, then run it without.")]
    if not view.entries:
        return []
    if not view.tested:
        words = "Lidarr's Tests of our entries did not end in time: it is slow, or cannot reach us."
        fix = (
            "Press Test in Lidarr, Settings > Download Clients and Settings > Indexers; when one "
            f"stays red, run: {fix}"
        )
        return [Check(code, "warning", words, fix)]
    names = ", ".join(entry.title for entry in view.entries)
    return [Check(code, "ok", f"Lidarr's Tests are green: {names}.")]


def _mappings(facts: Facts) -> list[Check]:
    way = facts.lidarr.paths if facts.lidarr is not None else None
    if way is None:
        return []
    code, applying = Code.PATH_MAPPINGS, way.applying
    sees = facts.folder.lidarr_sees if facts.folder is not None else None
    if applying is not None and facts.folder is not None and sees is False:
        words = (
            f"Lidarr translates {applying.remote} to {applying.local}, but does not see what we "
            f"place there, at {facts.folder.lidarr_path}."
        )
        return [Check(code, "error", words, _mapping_fix(applying, facts.folder))]
    if applying is not None and way.ours:
        words = (
            f"The path is translated twice: by paths.mappings here ({', '.join(way.ours)}) and by "
            f"Lidarr's mapping {applying.remote} -> {applying.local}."
        )
        fix = "Unset SOULSPOT_PATHS_MAPPINGS, or delete the Remote Path Mapping in Lidarr."
        return [Check(code, "warning", words, fix)]
    idle = _idle(way)
    if applying is None and idle:
        words = f"Lidarr's remote path mapping {idle} for {way.host} does not fit {way.reported}."
        fix = f"In Lidarr, Settings > Download Clients, set its Remote Path to {way.reported}/"
        return [Check(code, "warning", words, fix)]
    if applying is not None:  # where nobody has looked it is not called right
        words = f"Lidarr translates {applying.remote} to {applying.local}."
        return [Check(code, "ok", words)] if sees else []
    return [Check(code, "ok", f"Lidarr looks for finished grabs at {way.reported}.")]


def _mapping_fix(row: PathMapping, folder: Folder) -> str:
    """What to do about a row in Lidarr that leads to nothing it sees."""
    named = f"(host {row.host}, remote path {row.remote}, local path {row.local})"
    where = f"In Lidarr, Settings > Download Clients > Remote Path Mappings, the row {named}:"
    rest = folder.lidarr_path[len(row.local.rstrip("/")) :]
    if folder.found_at == f"{row.remote.rstrip('/')}{rest}":
        return f"{where} remove it; Lidarr sees the files without it, at {folder.found_at}."
    if folder.found_at and folder.found_at.endswith(rest):
        return f"{where} set its local path to {folder.found_at.removesuffix(rest)}/"
    seen = f" Lidarr sees the files at {folder.found_at}." if folder.found_at else ""
    return (
        f"{where} remove it, or correct its local path.{seen} If the row "
        f"is right, mount the folder into Lidarr's container at {row.local}"
    )


def _idle(way: PathWay) -> str:
    """A mapping for our host that never applies; empty when there is none."""
    for each in way.theirs:
        if each.host.lower() == way.host.lower():
            return f"{each.remote} -> {each.local}"
    return ""


def _lidarr_sees(facts: Facts) -> list[Check]:
    folder, code = facts.folder, Code.SAME_FOLDER_LIDARR
    if folder is None or folder.lidarr_sees is None:
        return []
    if folder.lidarr_sees:
        words = f"Lidarr sees what we place, at {folder.lidarr_path}."
        return [Check(code, "ok", words)]
    way = facts.lidarr.paths if facts.lidarr is not None else None
    if way is not None and way.applying is not None:
        return []  # it is that mapping, and told there
    words = f"Lidarr does not see what we place: it looks at {folder.lidarr_path}."
    if folder.elsewhere is None:
        fix = (
            f"Mount the folder into Lidarr's container as well, under volumes: the line that this "
            f"service has for {folder.complete}, and let Lidarr's user read and write it."
        )
        return [Check(code, "error", words, fix)]
    ours, theirs = folder.elsewhere
    fix = f"SOULSPOT_PATHS_MAPPINGS={ours}={theirs} (it sees the same files below {theirs})."
    if ours == theirs:
        fix = "Unset SOULSPOT_PATHS_MAPPINGS: Lidarr sees the files at the same place as we do."
    return [Check(code, "error", words, fix)]


def _lidarr_health(facts: Facts) -> list[Check]:
    if facts.lidarr is None or facts.lidarr.trouble or facts.lidarr.complaints is None:
        return []
    code = Code.LIDARR_HEALTH
    if not facts.lidarr.complaints:
        return [Check(code, "ok", "Lidarr's health has nothing against us.")]
    words = " ".join(f"Lidarr says: {said}" for said, _, _ in facts.lidarr.complaints)
    grave = any(grave for _, _, grave in facts.lidarr.complaints)
    fix = " ".join(dict.fromkeys(fix for _, fix, _ in facts.lidarr.complaints))
    return [Check(code, "error" if grave else "warning", words, fix)]
