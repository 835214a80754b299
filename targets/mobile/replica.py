"""The replica's core: frames, timers and user operations in, actions out. No I/O, no clock of its own.

Every input method decides at once and leaves what is to be done in `take()`: journal lines, calls to send, timers to
set, operations to answer, in the order in which they were decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from targets.mobile.applier import Applied, Applier
from targets.mobile.board import Board
from targets.mobile.calls import Answer, Calls
from targets.mobile.fetches import Fetches
from targets.mobile.gate import Gate
from targets.mobile.lists import Lists
from targets.mobile.merge import Merge, as_of
from targets.mobile.model import Action, Done, Event, Failed, Note, Row, Scope, Visit, parse_event, parse_sync
from targets.mobile.overlay import Overlay
from targets.mobile.policies import CHANGES, LEGACY, REVISIONS, STORE, Decision
from targets.mobile.policies_fetch import RECONNECT
from targets.mobile.policies_open import CACHE_EVENTS, RELIST
from targets.mobile.policies_scope import EARLY, FIRST_LIST, KEYED, Page
from targets.mobile.policies_stream import OFFSET, UNIT
from targets.mobile.screen import ListCache, Screen
from targets.mobile.watch import Watch
from targets.policy import Policies
from targets.protocol import DELETED, PRESENCE, SYNC_GAP, SYNC_HEAD, device_id, summary
from targets.timing import Timing

EARLY_CAP = 4096
RETIRED_CAP = 16  # store ids of the active desktop that are known to be gone


class Replica:
    """`desktop` is the active desktop's device id; `clock` and `wall` are seconds; `new_id` draws correlation ids."""

    def __init__(
        self,
        *,
        policies: Policies,
        timing: Timing,
        device: str,
        desktop: str,
        clock: Callable[[], float],
        wall: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._out: list[Action] = []
        self._desktop = device_id(desktop)
        self.calls = Calls(self._out, policies, timing, clock, new_id)
        self.board = Board(lambda fields: self._out.append(Note("observe", fields)), policies[UNIT], policies[OFFSET])
        self.fetches = Fetches(self.calls, self)
        self.lists = Lists(self.calls, self)
        self.watch = Watch(self.calls, self, self._desktop)
        self.screen = Screen(self.calls, self, ListCache(self.calls, device, wall))
        self.overlay = Overlay(self.calls, self.board)
        self.merge = Merge(self.board, policies, self.fetches.changed)
        self._gate = Gate(policies, self._desktop)
        self._applier = Applier(self.board, policies)
        self._order, self._changes, self._legacy = policies[REVISIONS], policies[CHANGES], policies[LEGACY]
        self._policies = policies
        self.store: str | None = None
        self._retired: list[str] = []

    def take(self) -> list[Action]:
        """What is to be done, once."""
        actions, self._out[:] = list(self._out), []
        return actions

    def gauges(self) -> dict[str, int]:
        """Sizes of everything that could grow."""
        visit = self.visit
        return {
            "index": len(self.board.jobs),
            "trackers": len(self.board.trackers),
            "waiters": len(self.fetches.by_job),
            "buffered": self.fetches.buffered,
            "early": len(visit.early),
            "tombstones": len(visit.tombs),
            "unseen": visit.seen.sparse,
            "calls": len(self.calls.pending),
            "wishes": len(self.overlay.wishes),
            "cached": len(self.screen.cache),
            "asOf": visit.as_of,
            "seen": visit.seen.upto,
            "head": self.watch.head,
        }

    # What the rooms of the replica ask of it ----------------------------------------------------------------------

    @property
    def visit(self) -> Visit:
        return self.board.visit

    @property
    def visit_n(self) -> int:
        return self.board.visit.n

    @property
    def listing(self) -> bool:
        return self.lists.flight is not None or bool(self.lists.wanted)

    def revision(self, job: str) -> int:
        return self.merge.known(job)

    def swallowed(self, job: str) -> None:
        self.watch.trigger("refresh", detail=job)

    def reconcile(self, licence: str) -> None:
        self.fetches.hurry()
        self.lists.hurry()
        if self.visit.scope is not None:
            self.lists.want(licence)

    # Inputs -------------------------------------------------------------------------------------------------------

    def registered(self) -> None:
        """An own reconnect. Document, "Edge Cases Verified, 5. Offline Gaps": a hard refresh after reconnection, which
        is `listJobs` with its five seconds."""
        self.calls.registered = True
        self.fetches.hurry()
        self.lists.hurry()
        if self.visit.scope is None:
            return
        self.watch.trigger("reconnect")
        if not self._policies[RELIST].asks:
            return
        if self._policies[RECONNECT]:
            self.lists.want("reconnect" if self.visit.listed else "first-list")
        elif not self.lists.wanted:
            self.screen.list(None, {}, "reconnect")

    def lost(self) -> None:
        self.calls.registered = False
        self.watch.forget()
        self.calls.disconnected()
        self.lists.lost()

    def frame(self, frame: Mapping[str, Any]) -> None:
        """Document, "Mobile Client": `messageType` is looked at before `type`."""
        if "messageType" in frame:
            self._message(frame.get("messageType"), frame.get("payload"), frame.get("sourceDeviceId"))
        elif frame.get("type") == "relay_event":
            payload = frame.get("payload", frame.get("data"))
            self._message(frame.get("eventType"), payload, frame.get("sourceDeviceId"))
        elif frame.get("type") == "relay_response":
            self._response(frame.get("response"))
        self.overlay.settle()

    def timer(self, key: tuple[Any, ...]) -> None:
        match key:
            case ("timeout", str(corr)):
                self.calls.expire(corr)
            case ("refused", str(corr)):
                self.calls.refuse(corr, "offline")
            case ("get", str(job), int(token)):
                self.fetches.fire(job, token)
            case ("list", int(token)):
                self.lists.fire(token)
            case ("watch",):
                self.watch.fire()

    # The user's operations ----------------------------------------------------------------------------------------

    def open(self, scope: Scope | None, cause: str) -> None:
        """Another scope, or none, is on the screen: a new visit."""
        self._enter(scope, cause)
        if scope is not None and not self._policies[FIRST_LIST]:
            self.screen.list(None, {}, "first-list")

    def call(self, op: int, method: str, params: Mapping[str, Any]) -> None:
        """A user's call; its answer touches nothing that is shown."""

        def done(answer: Answer) -> None:
            self.overlay.answered(answer.corr, answer.error is None)
            if answer.error is not None:
                self._out.append(Failed(op, answer.code, str(answer.error.get("message") or answer.code)))
            else:
                self._out.append(Done(op, _shown(method, answer.result)))

        self.overlay.wish(self.calls.begin(method, params, done), method, params)

    def _enter(self, scope: Scope | None, cause: str) -> None:
        visit = Visit(self.visit_n + 1, scope)
        if self._policies[KEYED]:
            self.fetches.clear()
            self.lists.clear()
        self.board.enter(visit, cause)
        if scope is not None and self._policies[FIRST_LIST]:
            self.lists.want("first-list", at_once=True)

    # Messages -----------------------------------------------------------------------------------------------------

    def _message(self, type_: object, payload: object, source: object) -> None:
        if not isinstance(type_, str) or not isinstance(payload, Mapping):
            return
        if type_.startswith("job:"):
            event = parse_event(type_, payload, source)
            if event is not None:
                self._event(event)
        elif type_ == SYNC_HEAD:
            self._head(payload)
        elif type_ == SYNC_GAP:
            self.watch.gap(payload.get("lost"))
        elif type_ == PRESENCE and device_id(str(payload.get("deviceId"))) == self._desktop:
            self.watch.presence(payload)

    def _head(self, payload: Mapping[str, Any]) -> None:
        sync = parse_sync(payload)
        if sync is None or sync.desktop != self._desktop or not self._known(sync.desktop, sync.store):
            return
        self.fetches.hurry()
        self.lists.hurry()
        self.watch.heard(sync.rev)

    def _response(self, response: object) -> None:
        if isinstance(response, Mapping) and isinstance(response.get("correlationId"), str):
            self.calls.reply(response["correlationId"], response.get("result"), response.get("error"))

    # Events -------------------------------------------------------------------------------------------------------

    def replay(self, events: list[Event]) -> None:
        for event in events:
            self._event(event, again=True)

    def _event(self, event: Event, *, again: bool = False) -> None:
        """`again`: it waited for its job."""
        visit, sync = self.visit, event.sync
        if sync is not None and not self._known(sync.desktop, sync.store):
            return
        visit = self.visit
        if visit.scope is None:
            return
        if not self._gate.admits(event, self.board.jobs.get(event.job), visit.scope):
            self._mark(event)
        elif self._policies[EARLY] and not visit.listed and not again:
            self._keep_early(event, visit)
        elif self._legacy.is_hint(event):
            self._hint(event, visit)
        elif self._changes.handles(event):
            self._decide(event, visit, again)
        else:
            self._mark(event)

    def _decide(self, event: Event, visit: Visit, again: bool) -> None:
        held = self.board.jobs.get(event.job)
        floor = max(visit.as_of if again else visit.seen.upto, visit.tombs.get(event.job, 0))
        decision = self._order.decide(event, held, floor)
        if decision is Decision.APPLY:
            self._apply(event)
        elif decision is Decision.WAIT and not self.fetches.wait(event, "miss" if held is None else "order"):
            self.watch.trigger("buffer-full", detail=event.job)
            return
        self._mark(event)

    def _apply(self, event: Event) -> None:
        applied = self._applier.apply(event)
        if self._policies[CACHE_EVENTS].drops:
            self.screen.cache.drop()
        if applied is Applied.REFRESH:
            self.fetches.refresh(event.job, "order")
        elif event.type == DELETED:
            self.merge.deleted(event.job, event.rev)
        self.fetches.changed(event.job)

    def _hint(self, event: Event, visit: Visit) -> None:
        """A reason to fetch, unless what is known is newer."""
        held = self.board.jobs.get(event.job)
        floor = held.rev if held is not None else max(visit.seen.upto, visit.tombs.get(event.job, 0))
        if event.sync is None or event.rev > floor:
            self.fetches.refresh(event.job, "legacy")
        self._mark(event)

    def _keep_early(self, event: Event, visit: Visit) -> None:
        if len(visit.early) < EARLY_CAP:
            visit.early.append(event)
        else:
            self.watch.trigger("buffer-full", detail=event.job)

    def _mark(self, event: Event) -> None:
        """This revision is accounted for."""
        if event.sync is not None and event.sync.desktop == self._desktop:
            for rev in (*event.sync.covers, event.sync.rev):
                self.visit.seen.mark(rev)
            self.watch.check()
            self._sweep()

    # Snapshots ----------------------------------------------------------------------------------------------------

    def accepts(self, result: Mapping[str, Any]) -> bool:
        desktop, store = result.get("desktop"), result.get("store")
        return not isinstance(desktop, str) or self._known(device_id(desktop), str(store or ""))

    def fetched(self, row: Row, cause: str) -> None:
        sync = parse_sync(row.get("sync"))
        if sync is None or self._known(sync.desktop, sync.store):
            self.merge.row(row, cause)

    def not_found(self, job: str, answer: Answer) -> None:
        error = answer.error or {}
        until = as_of(error)
        if until is not None and self.accepts(error):
            self.merge.gone(job, until, f"get:{answer.corr}")

    def ended(self) -> None:
        """What a reply might still have brought back need not be remembered any longer."""
        self._sweep()

    def page(self, page: Page, cause: str) -> None:
        self.merge.page(page, cause)

    def reconciled(self, covered: int, cause: str) -> None:
        """The whole scope is covered as of this revision."""
        visit = self.visit
        visit.as_of = max(visit.as_of, covered)
        visit.seen.cover(covered)
        if not visit.listed:
            self.board.listed(cause)
            early, visit.early = visit.early, []
            for event in early:
                self._event(event)
        for job in list(self.fetches.by_job):
            self.fetches.changed(job)
        self._sweep()
        self.watch.check()

    def _sweep(self) -> None:
        if self.visit.tombs and self.lists.flight is None:
            self.merge.sweep(self.fetches.under_way)

    # The desktop's store --------------------------------------------------------------------------------------------

    def _known(self, desktop: str, store: str) -> bool:
        """False for a store of the active desktop that is gone. A new one voids all that was known."""
        if not self._policies[STORE] or desktop != self._desktop or not store or store == self.store:
            return True
        if store in self._retired:
            return False
        former, self.store = self.store, store
        if former is not None:
            self._retired = [*self._retired, former][-RETIRED_CAP:]
            self.watch.reset()
            self.screen.cache.clear()
            self._enter(self.visit.scope, f"local:store:{store}")
        return True


def _shown(method: str, result: Mapping[str, Any]) -> dict[str, Any]:
    row = result.get("job")
    if method != "job.get" or not isinstance(row, Mapping):
        return dict(result)
    answer = {"job": summary(row), "source": "desktop"}
    return {**answer, "asOf": result["asOf"]} if "asOf" in result else answer
