"""The words of a timeline: how long, how much, and how it ended, in sentences for people.

Nothing is looked up here: everything is said of the values of `timeline_facts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from soulspot_arr.domain import GrabState, ImportState
from soulspot_arr.rules.timeline_facts import FileFacts, GrabFacts, Phase, Spent

_MIB, _GIB = 1024**2, 1024**3
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_WORTH_TELLING = 5.0  # seconds; of less nobody asks where they went
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

PHASES: Mapping[Phase, str] = {
    Phase.TURN: "waiting for its turn",
    Phase.QUEUE: "waiting in a queue",
    Phase.SENDING: "being sent",
    Phase.RETRYING: "waiting to be asked for again",
    Phase.AWAY: "waiting for a peer to come online",
    Phase.LOOKING: "looking for another peer",
    Phase.CHECKING: "being checked",
    Phase.LIDARR: "waiting for Lidarr",
}
OF_LIDARR: Mapping[str, str] = {
    ImportState.PENDING: "Lidarr has it in its queue.",
    ImportState.IMPORTING: "Lidarr is importing it.",
    ImportState.IMPORTED: "Lidarr has imported it.",
    ImportState.BLOCKED: "Lidarr does not know which album it is.",
    ImportState.FAILED: "Lidarr refused it.",
    ImportState.GONE: "It left Lidarr's queue without an import.",
}


def took(seconds: float) -> str:
    """A length of time in at most two units: "0.3 s", "3 min 12 s", "2 h 5 min", "3 d 4 h"."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(whole: int, large: int, name: str, small: int, less: str) -> str:
    rest = whole % large // small
    return f"{whole // large} {name}" + (f" {rest} {less}" if rest else "")


def counted(number: int, what: str) -> str:
    """ "1 file", "8 files"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def spelled(number: int, what: str) -> str:
    """ "one peer", "three peers", "12 peers"."""
    return counted(number, what).replace(
        str(number), _SMALL[number] if number < len(_SMALL) else str(number), 1
    )


def size(number: int) -> str:
    """Bytes as people say them."""
    return f"{number / _GIB:.1f} GiB" if number >= _GIB else f"{number / _MIB:.0f} MiB"


def sentence(text: str) -> str:
    """With a full stop, once."""
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) or not text else f"{text}."


# -- how it ended ----------------------------------------------------------------------------------


def outcome(grab: GrabFacts) -> str:
    """One word: its state, or what Lidarr has made of it."""
    if grab.imported_at is not None:
        return "imported"
    if grab.status == GrabState.COMPLETED:
        if grab.import_state in {ImportState.BLOCKED, ImportState.FAILED}:
            return "refused"
        if grab.import_state == ImportState.GONE:
            return "gone"
    return str(grab.status)


def ended_at(grab: GrabFacts) -> datetime | None:
    """When it was over; None while something is still to come."""
    if grab.imported_at is not None:
        return grab.imported_at
    if grab.status == GrabState.COMPLETED:
        return grab.import_seen_at if grab.import_state == ImportState.GONE else None
    if grab.status in {GrabState.FAILED, GrabState.CANCELLED} or grab.failure_message:
        return grab.completed_at or grab.updated_at
    if grab.status in {GrabState.IMPORTED, GrabState.REMOVED}:
        return grab.archived_at or grab.updated_at
    return None


def ending(grab: GrabFacts, *, seconds: float, spent: Sequence[Spent], peers: int) -> str:
    """The whole story in one sentence; `seconds` from the grab to its end, or until now."""
    since = f"{took(seconds)} after it was grabbed"
    most = _most(seconds, spent)
    word = outcome(grab)
    if word == "imported":
        verb = "Imported into Lidarr" if grab.imported_at else "Taken by Lidarr"
        return f"{verb} {since}{most}."
    if word == GrabState.FAILED or (word == GrabState.REMOVED and grab.failure_message):
        asked = f", with {spelled(peers, 'peer')} asked." if peers > 1 else ":"
        why = sentence(grab.failure_message or "nobody knows why")
        later = " It was deleted from the history since." if word == GrabState.REMOVED else ""
        return f"Failed {since}{asked} {why}{later}"
    if word == GrabState.CANCELLED:
        return f"Cancelled {since}{most}."
    if word == GrabState.REMOVED:
        return f"Deleted from the history {since}, without an import."
    if word in {"refused", "gone", GrabState.COMPLETED}:
        return _reported(grab, since_grabbed=seconds, most=most)
    return f"On its way for {took(seconds)}{most}."


def _reported(grab: GrabFacts, *, since_grabbed: float, most: str) -> str:
    if grab.completed_at is None:
        ready = "Ready for Lidarr"
    else:
        ready = f"Ready for Lidarr {took(_between(grab.created_at, grab.completed_at))} after it was grabbed"
    if grab.import_state is None:
        if grab.completed_at is None:
            return f"{ready}; it has not said anything yet."
        waited = since_grabbed - _between(grab.created_at, grab.completed_at)
        return f"{ready}; not imported yet, {took(waited)} later."
    said = OF_LIDARR.get(grab.import_state, "")
    why = _first_line(grab.import_message)
    because = f" {sentence(why)}" if why else ""
    return f"{ready}. {said}{because}" if said else f"{ready}{most}."


def _most(seconds: float, spent: Sequence[Spent]) -> str:
    if seconds < _WORTH_TELLING or len(spent) < 2:
        return ""
    longest = max(spent, key=lambda part: part.seconds)
    if longest.seconds < seconds / 2:
        return ""
    return f"; most of it {PHASES[longest.phase]} ({took(longest.seconds)})"


def reason(grab: GrabFacts) -> str:
    """Why it is not imported, for a list: what failed, what Lidarr says, what is waited for."""
    if grab.imported_at is not None:
        return ""
    if grab.failure_message:
        return grab.failure_message
    if grab.status == GrabState.COMPLETED and grab.import_state is not None:
        message = _first_line(grab.import_message)
        return " ".join(part for part in (OF_LIDARR.get(grab.import_state, ""), message) if part)
    if ended_at(grab) is None:
        return grab.note or ("It is paused." if grab.paused else "")
    return ""


def _first_line(text: str | None) -> str:
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())


# -- what is waited for ----------------------------------------------------------------------------


def waiting_for(grab: GrabFacts, files: Sequence[FileFacts], *, now: datetime) -> str | None:
    """What is going on, or what it waits for; None when it is over."""
    if ended_at(grab) is not None:
        return None
    if grab.status == GrabState.COMPLETED:
        if outcome(grab) == "refused":
            return grab.note or "It stays in Lidarr's queue."
        return OF_LIDARR.get(grab.import_state or "", "Lidarr has not taken it up yet.")
    if grab.paused:
        return "It is paused."
    if grab.not_before is not None and grab.not_before > now:
        return f"It starts at {grab.not_before:%Y-%m-%d %H:%M} UTC."
    if grab.note:
        return grab.note
    if grab.status == GrabState.PROCESSING:
        return "Its files are being checked."
    return _transfers(grab, [file for file in files if file.current], now=now)


def _transfers(grab: GrabFacts, files: Sequence[FileFacts], *, now: datetime) -> str:
    here = sum(file.status == "completed" for file in files)
    running = [file for file in files if file.status == "downloading"]
    if running:
        done = sum(file.bytes_done for file in files)
        share = f"{done / grab.total_bytes:.0%} of " if grab.total_bytes else ""
        whose = " and ".join(sorted({file.peer for file in running}))
        return (
            f"{whose} {'sends' if whose == running[0].peer else 'send'}: {here} of "
            f"{counted(len(files), 'file')} and {share}{size(grab.total_bytes)} are here."
        )
    queued = [file for file in files if file.status == "queued"]
    if queued:
        first = min(queued, key=lambda file: (file.place_in_queue is None, file.place_in_queue))
        place = f", place {first.place_in_queue}" if first.place_in_queue is not None else ""
        return f"It waits in {first.peer}'s queue{place}."
    later = [file for file in files if file.not_before is not None and file.not_before > now]
    if later:
        soon = min(later, key=lambda file: file.not_before or now)
        why = f" ({soon.failure_message.rstrip('.')})" if soon.failure_message else ""
        return f"{soon.peer} is asked again at {soon.not_before:%H:%M:%S} UTC{why}."
    return "It waits for its turn to be asked for."
