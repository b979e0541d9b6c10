"""Commands that take several rooms: one for several grabs, and a line that stops what is under way.

It knows the rooms that carry a command out and decides nothing itself. What cannot be done for one
grab is told and does not keep the others from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soulspot_arr.blocklist import Block, Blocklist
from soulspot_arr.domain import GrabState, Priority
from soulspot_arr.errors import Conflict, DatabaseTrouble, GrabNotFound
from soulspot_arr.mending import Mender
from soulspot_arr.ordering import Ordering, Wish
from soulspot_arr.queue_manager import QueueManager
from soulspot_arr.rules.blocking import Entry


class Action(StrEnum):
    """What can be done with several grabs at once."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    PRIORITY = "priority"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Command:
    """A command: `priority` belongs to that action, `position` or `before` to a move."""

    action: Action
    nzo_ids: tuple[str, ...]
    priority: Priority = Priority.NORMAL
    position: int = 0
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one grab; `new_nzo_id` only when it was tried again."""

    nzo_id: str
    ok: bool
    state: GrabState | None = None
    position: int | None = None
    new_nzo_id: str | None = None
    error_code: str | None = None
    message: str | None = None


class Commands:
    """Carries them out."""

    def __init__(
        self,
        queue_manager: QueueManager,
        ordering: Ordering,
        blocklist: Blocklist,
        *,
        mender: Mender,
    ) -> None:
        self._queue = queue_manager
        self._ordering = ordering
        self._blocklist = blocklist
        self._mender = mender

    def block(self, entry: Entry, *, expires_at: datetime | None = None) -> Block:
        """Refuse something from now on, also what is asked for or waits; raises as `Blocklist.add`.

        The grabs that lose files by it find another way on at once.
        """
        return self._blocklist.add(
            entry,
            expires_at=expires_at,
            roll_up=lambda session, grab, at: self._mender.roll_up(session, grab, at=at).jobs,
        )

    def carry_out(self, command: Command) -> list[Outcome]:
        """One outcome for each id, in their order; an id that comes twice counts once.

        Raises GrabNotFound or Conflict when there is nobody to be put before: nothing is done then.
        """
        ids = list(dict.fromkeys(command.nzo_ids))
        actions: Mapping[Action, Callable[[], list[Outcome]]] = {
            Action.PAUSE: lambda: self._change(ids, Wish(paused=True)),
            Action.RESUME: lambda: self._change(ids, Wish(paused=False)),
            Action.PRIORITY: lambda: self._change(ids, Wish(priority=command.priority)),
            Action.MOVE: lambda: self._move(ids, command),
            Action.CANCEL: lambda: self._cancel(ids),
            Action.RETRY: lambda: [self._retry(nzo_id) for nzo_id in ids],
        }
        return actions[command.action]()

    def _change(self, ids: Sequence[str], wish: Wish) -> list[Outcome]:
        done = set(self._ordering.change_several(ids, wish))
        return self._outcomes(ids, done.__contains__)

    def _move(self, ids: Sequence[str], command: Command) -> list[Outcome]:
        places = self._ordering.move_several(ids, command.position, before=command.before)
        return self._outcomes(ids, places.__contains__, places)

    def _cancel(self, ids: Sequence[str]) -> list[Outcome]:
        self._queue.cancel(ids, reason="Cancelled through the API.")
        states = self._queue.states(ids)
        return self._outcomes(ids, lambda nzo_id: states.get(nzo_id) is GrabState.CANCELLED)

    def _outcomes(
        self,
        ids: Sequence[str],
        done: Callable[[str], bool],
        places: Mapping[str, int] | None = None,
    ) -> list[Outcome]:
        states = self._queue.states(ids)
        return [
            Outcome(nzo_id, True, states.get(nzo_id), (places or {}).get(nzo_id))
            if done(nzo_id)
            else _failed(nzo_id, states.get(nzo_id))
            for nzo_id in ids
        ]

    def _retry(self, nzo_id: str) -> Outcome:
        try:
            fresh = self._queue.retry(nzo_id)
        except (GrabNotFound, Conflict, DatabaseTrouble) as error:
            state = None
            if isinstance(error, Conflict):
                state = self._queue.states([nzo_id]).get(nzo_id)
            return Outcome(nzo_id, False, state, error_code=error.code, message=error.message)
        return Outcome(nzo_id, True, GrabState.REMOVED, new_nzo_id=fresh)


def _failed(nzo_id: str, state: GrabState | None) -> Outcome:
    error: GrabNotFound | Conflict = GrabNotFound(f"There is no grab {nzo_id!r}.")
    if state is not None:
        error = Conflict(f"The grab is {state}: it is not on its way any more.")
    return Outcome(nzo_id, False, state, error_code=error.code, message=error.message)
