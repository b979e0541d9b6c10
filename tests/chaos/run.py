"""One chaos run: grabs, kills, troubles, a kind end, and an account of it."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.lidarr import SECRET, Lidarr
from tests.chaos.network import KEY, Album, Network
from tests.fakes.service_process import ServiceProcess

SETTINGS = {
    "SOULSPOT_SECRET_KEY": SECRET,
    "SOULSPOT_RETRY_BACKOFF": "0.5,1,2",
    "SOULSPOT_QUEUE_CLAIM_TTL": "3",
    "SOULSPOT_BREAKER_PAUSE": "1",
    "SOULSPOT_JOBS_RESCUE": "1",
    "SOULSPOT_JOBS_PRESENCE": "1",
    "SOULSPOT_SEARCH_REPEAT_AFTER": "5",  # a search that was killed is made again
    "SOULSPOT_SEARCH_RATE_WINDOW": "10",  # no server here bans anybody
    "SOULSPOT_STALL_TRANSFER": "20",
    "SOULSPOT_STALL_QUEUED": "15",  # who was away has forgotten its queue; hours in real life
    "SOULSPOT_QUEUE_OVERTAKE": "15",
    "SOULSPOT_JOBS_HEALTH": "1",  # cleanup as well, and so in the shortest life
    "SOULSPOT_JOBS_HOUSEKEEPING": "1",
    "SOULSPOT_COMPLETION_SETTLE": "10",
    # What rough peers do would soon block them all; that is told elsewhere.
    "SOULSPOT_BLOCKLIST_STRIKES": "0",
}
STARTED = "is running on port"
OPEN = ("queued", "downloading", "processing")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played. The same seed makes the same albums, troubles and pauses."""

    seed: int
    grabs: int = 60
    kills: int = 100
    longest_life: float = 1.2  # seconds between a start and the kill
    pause: float = 45.0  # seconds for which the service is off once; no patience below is longer
    patience: float = 240.0  # seconds for the kind end


@dataclass(slots=True)
class Account:
    """What came of it; `broken` names every promise that was not kept."""

    rows: list[tuple[str, object]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, words: str, figure: object) -> None:
        """A figure for the table."""
        self.rows.append((words, figure))

    def demand(self, words: str, found: object, wanted: object) -> None:
        """A figure that has to be this."""
        self.rows.append((words, found))
        if found != wanted:
            self.broken.append(f"{words}: {found} instead of {wanted}")

    def table(self) -> str:
        """For people."""
        width = max(len(words) for words, _ in self.rows)
        lines = [f"  {words:<{width}}  {figure}" for words, figure in self.rows]
        return "\n".join(lines)


def play(plan: Plan, root: Path, tell: Callable[[str], None] = print) -> Account:
    """Run it; everything that was started has ended afterwards."""
    chance = random.Random(plan.seed)
    began = time.monotonic()
    with Network(root, chance) as network:
        service = ServiceProcess(
            root / "data", slskd_url=network.url, slskd_key=KEY, settings=SETTINGS
        )
        with service, Lidarr(service, root / "library") as lidarr:
            albums = _storm(plan, chance, network, service, lidarr, tell)
            tell(
                f"The storm is over after {time.monotonic() - began:.0f} s; now the world is kind."
            )
            network.be_kind(albums)
            path = root / "data" / "soulspot.db"
            _wait(lambda: _settled(service, network, path), plan.patience)
        account = _judge(albums, network, lidarr, service)
    _database(account, root / "data" / "soulspot.db")
    account.note("seconds", round(time.monotonic() - began))
    return account


def _storm(
    plan: Plan,
    chance: random.Random,
    network: Network,
    service: ServiceProcess,
    lidarr: Lidarr,
    tell: Callable[[str], None],
) -> list[Album]:
    """Grabs come in during the first half; every life of the service ends with kill -9."""
    albums: list[Album] = []
    for kill in range(1, plan.kills + 1):
        while len(albums) < min(plan.grabs, plan.grabs * kill * 2 // plan.kills + 1):
            albums.append(network.make_album(len(albums)))
            lidarr.grab(albums[-1])
        if chance.random() < 0.6:
            network.make_trouble()
        if kill == plan.kills // 3 + 1:
            network.lose_database()
        time.sleep(chance.uniform(0.0, plan.longest_life))
        service.kill()
        if kill == plan.kills * 2 // 3 + 1:
            tell(f"The service is off for {plan.pause:.0f} s; the network goes on.")
            network.count("service off for a while")
            time.sleep(plan.pause)
        service.start()
        if kill % 10 == 0:
            done, failed = sum(lidarr.imported.values()), len(lidarr.failed)
            tell(f"{kill} kills, {len(albums)} grabs, {done} imported, {failed} failed")
    while len(albums) < plan.grabs:
        albums.append(network.make_album(len(albums)))
        lidarr.grab(albums[-1])
    return albums


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    """Until it is so or the time is up; the account tells what is missing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        time.sleep(0.3)


def _settled(service: ServiceProcess, network: Network, path: Path) -> bool:
    _pass_over_full_queues(path)
    queue = service.sab("queue", limit="0")["queue"]
    history = service.sab("history", limit="60")["history"]
    assert isinstance(queue, dict)
    assert isinstance(history, dict)
    over = not queue["slots"] and not history["slots"]
    return over and not network.transfers(removed=False) and not _files(network.downloads)


def _pass_over_full_queues(path: Path) -> None:
    """As if the quarter of an hour had passed for which a peer with a full queue is left alone."""
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute(
            "UPDATE downloads SET not_before = NULL WHERE status = 'waiting' "
            "AND failure_kind = 'peer_busy' AND not_before IS NOT NULL"
        )


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def _judge(
    albums: list[Album], network: Network, lidarr: Lidarr, service: ServiceProcess
) -> Account:
    account = Account()
    wanted = {album.title for album in albums if album.obtainable}
    others = {album.title for album in albums} - wanted
    account.note("albums grabbed", len(albums))
    account.note("starts of the service", service.log.read_text().count(STARTED))
    for what, number in sorted(network.troubles.items()):
        account.note(f"  trouble: {what}", number)
    account.note("polls that Lidarr lost", lidarr.lost_polls)
    account.note("  of them obtainable", len(wanted))
    once = [title for title in wanted if lidarr.imported[title] == 1]
    account.demand("  of these imported exactly once", len(once), len(wanted))
    account.demand("imported more than once", _more_than_once(lidarr.imported), [])
    account.demand("failed although obtainable", _reasons(lidarr, wanted), [])
    reasons = [lidarr.failed.get(title) for title in others]
    account.demand(
        "failed with a reason, as they must", len([r for r in reasons if r]), len(others)
    )
    account.demand("failed after completed", lidarr.told_failed_after_completed, [])
    account.demand("grabs with two ids", [t for t, ids in lidarr.ids.items() if len(ids) > 1], [])
    account.demand("wrong imports", lidarr.wrong, [])
    account.demand("files left in the download folders", _files(network.downloads), [])
    left = [f"{item['peer']}: {item['state']}" for item in network.transfers(removed=False)]
    account.demand("transfers left at slskd", left, [])
    sent = Counter(
        (item["peer"], item["filename"]) for item in network.ever() if "Succeeded" in item["state"]
    )
    account.note("refused with Too many files", network.refusals("Too many files"))
    account.note("files that arrived", sum(sent.values()))
    account.note("  of them again", sum(number - 1 for number in sent.values()))
    return account


def _more_than_once(imported: Counter[str]) -> list[str]:
    return sorted(title for title, number in imported.items() if number > 1)


def _reasons(lidarr: Lidarr, wanted: set[str]) -> list[str]:
    return [f"{title}: {why}" for title, why in sorted(lidarr.failed.items()) if title in wanted]


def _database(account: Account, path: Path) -> None:
    """What is in the tables after the last kill."""
    with sqlite3.connect(path) as database:
        intact = database.execute("PRAGMA integrity_check").fetchone()[0]
        marks = ",".join("?" * len(OPEN))
        left = database.execute(f"SELECT count(*) FROM grabs WHERE status IN ({marks})", OPEN)
        account.demand("grabs still open", left.fetchone()[0], 0)
        files = database.execute(
            "SELECT count(*) FROM downloads WHERE status IN ('waiting','pending','queued','downloading')"
        )
        account.demand("files still open", files.fetchone()[0], 0)
        for words, kind in (
            ("stand-ins from another peer", "download.substituted"),
            ("changes of the whole offer", "grab.offer_changed"),
            ("further searches", "grab.rescue_wanted"),
            ("retries", "download.retry_scheduled"),
        ):
            row = database.execute("SELECT count(*) FROM events WHERE kind = ?", (kind,))
            account.note(words, row.fetchone()[0])
        account.demand("integrity of the database", intact, "ok")
    database.close()
