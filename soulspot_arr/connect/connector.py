"""Makes Lidarr or Prowlarr use us, and takes that back: one entry after the other, each tested.

It runs again and again without harm: what is there and right is left as it is. Every step is
written down before the next one. What a person reads is made in `words`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.connect import entries, plan
from soulspot_arr.connect.address import OurAddress
from soulspot_arr.connect.entries import NOT_YET, Kind, Make, Row, Terms, Wish
from soulspot_arr.connect.plan import Action, Mark, Step
from soulspot_arr.connect.record import Record
from soulspot_arr.errors import ServarrError
from soulspot_arr.servarr import Rejected, Servarr

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a Test that fails is tried again, and the seconds between two tries.

    No further address is tried after `seconds`: an address that nobody answers at costs a minute.
    """

    rounds: int = 4
    pause: float = 4.0
    seconds: float = 150.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Home:
    """Where we are: addresses to try, the likeliest first, and those that surely mean us."""

    candidates: Sequence[OurAddress]
    known: Sequence[OurAddress]
    settled: bool = False  # a person named the address: no other one is tried


class Connector:
    """One program, and what we have there."""

    def __init__(
        self,
        program: Servarr,
        record: Record,
        wishes: Sequence[Make],
        *,
        told: Callable[[Step], None],
        patience: Patience | None = None,
    ) -> None:
        self._program = program
        self._record = record
        self._wishes = wishes
        self._told = told
        self._patience = patience or Patience()
        self._forms: dict[Kind, list[Row]] = {}
        self.doubles: list[str] = []  # entries that lead to us as well, of no use

    # -- connecting --------------------------------------------------------------------------------

    def connect(self, terms: Terms, home: Home, *, dry: bool = False) -> list[Step]:
        """Every entry as it has to be; with `dry` nothing is changed or tested.

        Raises ServarrError; what was done by then is kept and found again.
        """
        steps = []
        self.doubles = []
        for make in self._wishes:
            kind = make(terms).kind
            rows = self._program.rows(f"/{kind}")
            if kind is Kind.CLIENT:
                terms = replace(terms, address=self._address(make, terms, home, rows, dry=dry))
            step = self._settle(make, terms, home, rows, dry=dry)
            self._told(step)
            steps.append(step)
            if kind is Kind.CLIENT:
                terms = replace(terms, client_id=int(step.body.get("id") or NOT_YET))
        return steps

    def _settle(
        self, make: Make, terms: Terms, home: Home, rows: Sequence[Row], *, dry: bool
    ) -> Step:
        wish, step = self._step(make, terms, home, rows)
        if dry:
            return step
        return self._apply(wish, step, terms.address)

    def _step(
        self, make: Make, terms: Terms, home: Home, rows: Sequence[Row], *, everything: bool = False
    ) -> tuple[Wish, Step]:
        wish = make(terms)
        mark = self._record.mark(wish.kind)
        known = [*home.known, *home.candidates, terms.address]
        found = plan.ours(wish, rows, mark=mark, homes=known)
        if wish.kind is Kind.INDEXER:
            relayed = plan.passed_on(rows)
            if relayed is not None and not found:
                wish, found = entries.passed_on_indexer(terms), [relayed]
            elif relayed is not None:
                self._double(relayed)
        for row in found[1:]:
            self._double(row)
        if found:
            return wish, plan.adjust(wish, found[0], mark=mark, everything=everything)
        taken = {str(row.get("name") or "") for row in rows}
        return wish, plan.make(wish, self._template(wish), taken=taken)

    def _double(self, row: Row) -> None:
        name = str(row.get("name") or "")
        if name not in self.doubles:
            self.doubles.append(name)

    def _template(self, wish: Wish) -> Row:
        """The empty form, of several with one implementation the plainest.

        Fields that are not sent have their default there, so that it also goes without a form.
        """
        if wish.kind not in self._forms:
            self._forms[wish.kind] = self._blank(wish.kind)
        forms = [
            row
            for row in self._forms[wish.kind]
            if row.get("implementation") == wish.implementation
        ]
        plain = sorted(forms, key=lambda row: not str(row.get("name") or "").startswith("Generic"))
        return plain[0] if plain else {}

    def _blank(self, kind: Kind) -> list[Row]:
        try:
            return self._program.rows(f"/{kind}/schema")
        except ServarrError as error:
            if error.data.get("status") != 404:
                raise
            return []

    # -- the address -------------------------------------------------------------------------------

    def _address(
        self, make: Make, terms: Terms, home: Home, rows: Sequence[Row], *, dry: bool
    ) -> OurAddress:
        """The first address under which the program's own Test reaches us."""
        wish = make(terms)
        mark = self._record.mark(wish.kind)
        known = [*home.known, *home.candidates]
        tried = list(home.candidates)
        if not home.settled:
            found = plan.ours(wish, rows, mark=mark, homes=known)[:1]
            there = [entries.address_of(wish.kind, row) for row in found]
            tried = list(dict.fromkeys([*filter(None, there), *tried]))
        if dry:
            return tried[0]
        until = time.monotonic() + self._patience.seconds
        for round_ in range(self._patience.rounds):
            if round_:
                self._patience.sleep(self._patience.pause)
            refusals: list[str] = []
            for address in tried:
                _, step = self._step(make, replace(terms, address=address), home, rows)
                refusal = self._refusal(step)
                if refusal is None:
                    return address
                refusals.append(f"{address.url}: {refusal}")
                if time.monotonic() > until:
                    raise self._unreachable(refusals)
        raise self._unreachable(refusals)

    def _refusal(self, step: Step) -> str | None:
        """What the program's Test has against an entry; None when it is green."""
        try:
            self._program.test(step.kind, step.body)
        except Rejected as error:
            words = " ".join(each.words for each in error.complaints) or "no reason given."
            return None if _only_warnings(error) else words
        except ServarrError as error:
            if error.data.get("why") != "slow":  # then it is waiting for us
                raise
            return "no answer in time."
        return None

    def _unreachable(self, refusals: Sequence[str]) -> ServarrError:
        name = self._program.program.name
        return ServarrError(
            f"{name} cannot use us. It tried {'; '.join(refusals)} Is the service running, and can "
            f"{name} reach that address? Name the right one with --address.",
            why="unreachable",
        )

    # -- doing -------------------------------------------------------------------------------------

    def _apply(self, wish: Wish, step: Step, address: OurAddress) -> Step:
        """Carry a step out and press Test; raises ServarrError when it stays red."""
        saved = False
        for round_ in range(self._patience.rounds):
            if round_:
                self._patience.sleep(self._patience.pause)
            try:
                if not saved:
                    step = self._save(wish, step, address)
                saved = True
                self._press_test(wish.kind, step.body)
            except Rejected as error:
                refused = error
                if step.action is Action.KEEP:
                    # The key that is kept there cannot be seen: write it once more.
                    fresh = plan.adjust(wish, step.body, mark=None, everything=True)
                    saved, step = (False, fresh) if fresh.changes else (True, step)
            else:
                return step
        raise ServarrError(
            f"{refused.message} That is about the {step.title}. What was done so far is kept: "
            "mend it and run the same command again.",
            why="rejected",
        )

    def _save(self, wish: Wish, step: Step, address: OurAddress) -> Step:
        if step.action is Action.CREATE:
            self._record.put(wish.kind, _mark(wish, step, address, made=True))
            step = replace(step, body=self._create(wish.kind, step.body))
            self._record.put(wish.kind, _mark(wish, step, address, made=True))
        elif step.action is Action.UPDATE:
            self._record.put(wish.kind, _mark(wish, step, address, made=False))
            self._forcing(lambda force: self._program.update(wish.kind, step.body, force=force))
        elif self._record.mark(wish.kind) is None:
            self._record.put(wish.kind, _mark(wish, step, address, made=False))
        return step

    def _create(self, kind: Kind, body: Row) -> Row:
        made: list[Row] = []
        self._forcing(lambda force: made.append(self._program.create(kind, body, force=force)))
        return {**body, **made[0]}

    def _forcing(self, save: Callable[[bool], None]) -> None:
        """Mere warnings block a save through the API (contract lidarr §2); a person may ignore them."""
        try:
            save(False)
        except Rejected as error:
            if not _only_warnings(error):
                raise
            save(True)

    def _press_test(self, kind: Kind, body: Row) -> None:
        try:
            self._program.test(kind, body)
        except Rejected as error:
            if not _only_warnings(error):
                raise

    # -- taking back -------------------------------------------------------------------------------

    def disconnect(self, terms: Terms, *, dry: bool = False) -> list[Step]:
        """Remove what we made and put back what we changed; what is gone is fine."""
        steps = []
        for make in reversed(self._wishes):
            wish = make(terms)
            mark = self._record.mark(wish.kind)
            if mark is None:
                continue
            step = plan.take_back(wish, self._program.rows(f"/{wish.kind}"), mark)
            if step is not None:
                self._told(step)
                steps.append(step)
            if not dry:
                self._undo(step)
                self._record.drop(wish.kind)
        return steps

    def _undo(self, step: Step | None) -> None:
        if step is None or step.action is Action.KEEP:
            return
        if step.action is Action.REMOVE:
            self._program.remove(step.kind, int(step.body["id"]))
        else:  # it need not work: it is as somebody had it
            self._program.update(step.kind, step.body, force=True)


def _mark(wish: Wish, step: Step, address: OurAddress, *, made: bool) -> Mark:
    secrets = [str(value) for name, value in wish.always.items() if name in wish.secrets]
    return Mark(
        number=int(step.body.get("id") or 0),
        name=step.name,
        url=address.url,
        made=made,
        proof=plan.fingerprint(secrets[0]) if secrets else "",
        before={} if made else dict(step.before),
    )


def _only_warnings(error: Rejected) -> bool:
    return bool(error.complaints) and all(each.warning for each in error.complaints)
