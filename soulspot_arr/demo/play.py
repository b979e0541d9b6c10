"""The `demo` command: the whole product in a few minutes, against a simulated Soulseek.

It sets the stage (three separate processes), does with Lidarr what a person would do, plays a stock
Prowlarr, and tells what happens. It holds no knowledge of the service beyond its addresses and key.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TextIO

from soulspot_arr.demo import programme
from soulspot_arr.demo.acts import Acts, Tempo
from soulspot_arr.demo.faults import LidarrFault
from soulspot_arr.demo.lidarr_window import NotInLibrary
from soulspot_arr.demo.options import DemoOptions
from soulspot_arr.demo.screen import Screen, counted
from soulspot_arr.demo.stage import Recipe, Stage, StageFailure, tail
from soulspot_arr.demo.vanishing import SENDER, NetworkHand


def run(options: DemoOptions, stream: TextIO | None = None) -> int:
    """Play the demo; 0 when everything worked, 1 with a reason on the screen otherwise."""
    screen = Screen(stream or sys.stdout, options.environ)
    with _signals_as_interrupts():
        try:
            root = own_folder(options.data_dir)
            stage = Stage(_recipe(root, options))
        except OSError as error:
            screen.failure(f"The data folder cannot be used: {error}", "", ())
            return 1
        try:
            return _show(screen, stage, options)
        except KeyboardInterrupt:
            screen.failure("Interrupted; all programs were ended.", "", ())
        except StageFailure as failure:
            log = failure.log or stage.service_log
            screen.failure(f"The demo stopped: {failure}", str(log), tail(log))
        except (LidarrFault, NotInLibrary, OSError) as error:
            log = stage.service_log
            screen.failure(f"The demo stopped: {error}", str(log), tail(log))
    return 1


def _recipe(root: Path, options: DemoOptions) -> Recipe:
    acts = programme.FAULTS if options.faults else programme.ACTS
    return Recipe(
        root,
        options.profile,
        options.time_scale,
        lidarr_scale=Tempo.for_scale(options.time_scale).lidarr_scale,
        wanted=[album for album, _ in acts],
        environ=options.environ,
    )


def _show(screen: Screen, stage: Stage, options: DemoOptions) -> int:
    started = time.monotonic()
    screen.title(
        "SoulSpot Arr: an album, from Lidarr's search to your library",
        f"A simulated slskd {options.profile}, a simulated Lidarr and the real service are started as "
        "separate programs; they talk over HTTP. Lidarr reads tags, decides and moves files as the "
        "stock one does. Only its minute is shorter here.",
    )
    with stage:
        tempo = Tempo.for_scale(options.time_scale)
        if options.faults:
            acts = _play_faults(screen, stage, tempo)
        else:
            acts = Acts(screen, stage, tempo)
            acts.play()
        acts.summary(time.monotonic() - started)
        if options.keep:
            _keep(screen, stage)
    _farewell(screen, options)
    return 0


def _play_faults(screen: Screen, stage: Stage, tempo: Tempo) -> Acts:
    """A peer vanishes; StageFailure unless each file came once, from two peers, under one id."""
    network = NetworkHand(stage.slskd_url, stage.slskd_key)
    network.arrange()
    acts = Acts(screen, stage, tempo, programme.FAULTS)
    acts.play()
    delivery = network.delivery()
    screen.act("Who sent what", "As slskd remembers it.")
    for peer, files in sorted(delivery.senders.items(), key=lambda entry: entry[0] != SENDER):
        left = ", and was never seen again" if peer == SENDER else ""
        screen.note(f"{peer} sent {counted(files, 'file')}{left}.")
    if delivery.again or len(delivery.senders) < 2 or len(acts.nzo_ids) != 1:
        raise StageFailure("a file was fetched twice, or nobody stood in for the peer that left")
    screen.good("No file was fetched twice.")
    screen.good(f"One download for Lidarr from the beginning to the end: {acts.nzo_ids[0]}.")
    return acts


def _keep(screen: Screen, stage: Stage) -> None:
    screen.act("Still running", "Everything stays up until you press Ctrl-C.")
    screen.pair("Swagger UI", f"{stage.service_url}/api/docs")
    screen.pair("Newznab", f"{stage.service_url}/newznab  (API path /api)")
    screen.pair("SABnzbd", f"{stage.service_url}  (URL base /sabnzbd)")
    screen.pair("API key", stage.api_key)
    screen.pair("simulated Lidarr", stage.lidarr_url)
    screen.pair("its API key", stage.lidarr_key)
    screen.pair("simulated slskd", stage.slskd_url)
    screen.pair("its API key", stage.slskd_key)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            stage.check()
            time.sleep(0.5)


def _farewell(screen: Screen, options: DemoOptions) -> None:
    screen.line()
    screen.paragraph("All programs have ended. Delete the folder when you have seen enough.")
    if not options.keep:
        screen.paragraph("To look around while they run: soulspot-arr demo --keep")


def own_folder(wanted: Path | None) -> Path:
    """A folder of our own: new when none was named, beside earlier runs when it is in use."""
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="soulspot-demo-"))
    base = wanted.expanduser().absolute()
    root, number = base, 1
    while root.exists() and any(root.iterdir()):
        number += 1
        root = base / f"run-{number}"
    root.mkdir(parents=True, exist_ok=True)
    return root


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Turn a polite kill or a closed terminal into KeyboardInterrupt, so that nothing is left over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
