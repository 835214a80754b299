"""One connection's messages of one direction, on their way through the rules in force (`harness.wire.rules`)."""

from __future__ import annotations

import heapq
from typing import Any, Protocol

from harness.wire.classify import Classified
from harness.wire.rules import ORDER, ActiveRule, Rules


class Port(Protocol):
    """What a lane needs of the hop it stands in."""

    def emit(self, message: Message) -> None:
        """Send it to the receiver now, after all that was sent before."""
        ...

    def wake(self, at_ns: int) -> None:
        """Call `Lane.due` at this time, by `now_ns`."""
        ...

    def now_ns(self) -> int: ...

    def alive(self) -> bool:
        """Can data still be sent on this connection?"""
        ...


class Message:
    """A whole message: its raw frames, and whatever the hop wants back with it (`tag`)."""

    __slots__ = ("_path", "left", "number", "overtaken", "raw", "tag")

    def __init__(self, raw: bytes, tag: Any, path: list[tuple[ActiveRule, bool]]) -> None:
        self.raw, self.tag = raw, tag
        self._path = path[::-1]
        self.number = -1  # in the order in which messages reached the rules that reorder
        self.left = 0  # messages that it waits for
        self.overtaken = False

    def next_rule(self, before: str) -> tuple[ActiveRule, bool] | None:
        """Take the next rule that it meets, if what that does stands in `ORDER` where `before` does, or earlier."""
        if self._path and ORDER.index(self._path[-1][0].rule.does) <= ORDER.index(before):
            return self._path.pop()
        return None


class Lane:
    """Keeps messages, in memory and without bound, for as long as a rule wants; a copy is kept by its rule as well."""

    def __init__(self, rules: Rules, port: Port) -> None:
        self._rules, self._port = rules, port
        self._kept: dict[ActiveRule, dict[Message, None]] = {}
        self._timers: list[tuple[int, int, ActiveRule, Message]] = []
        self._timed = 0
        self._arrived = 0
        self._ended = False

    def __bool__(self) -> bool:
        """Is anything kept?"""
        return bool(self._kept)

    # ---- what the hop says ----------------------------------------------------------------------------------------

    def offer(self, raw: bytes, what: Classified, tag: Any) -> None:
        """A message comes."""
        if self._ended:  # nothing but control frames may follow a close frame; it is not for a hop to judge
            self._port.emit(Message(raw, tag, []))
            return
        self._advance(Message(raw, tag, self._rules.matching(what)))

    def due(self) -> None:
        """Time has come for what waits for it."""
        now_ns = self._port.now_ns()
        while self._timers and self._timers[0][0] <= now_ns:
            _, _, rule, message = heapq.heappop(self._timers)
            if self._drop(rule, message):
                self._leave(rule, message)
        self._arm()

    def heal(self, rule: ActiveRule) -> None:
        """The rule has ended: what it keeps goes on now."""
        messages = list(self._kept.get(rule, ()))
        if rule.rule.release == "reversed":
            messages.reverse()
        elif rule.rule.release == "shuffled":
            rule.draws.shuffle(messages)
        for message in messages:
            if self._drop(rule, message):
                self._leave(rule, message)

    def end(self) -> None:
        """The stream is over: what is kept is lost with it."""
        self._ended = True
        for rule, messages in self._kept.items():
            rule.effect.note(died_with_connection=len(messages))
        self._clear()

    def flush(self) -> None:
        """No further message can be told apart: what is kept goes on now, and meets no other rule."""
        for rule, messages in self._kept.items():
            for message in messages:
                rule.effect.note(messages_released=1)
                self._port.emit(message)
        self._clear()

    # ---- the way of a message -------------------------------------------------------------------------------------

    def _advance(self, message: Message) -> None:
        """Through the rules that it has not met, until one takes it or it is sent."""
        if not self._meet(message, "hold"):
            return
        passed: list[tuple[ActiveRule, Message]] = []
        if message.number < 0:
            message.number = self._arrived
            self._arrived += 1
            passed = self._count_down()
        if self._meet(message, "reorder"):
            self._send(message)
        for rule, earlier in passed:
            if self._drop(rule, earlier):
                self._leave(rule, earlier)

    def _meet(self, message: Message, until: str) -> bool:
        """Is it still on its way behind the rules up to `until`?"""
        while (met := message.next_rule(until)) is not None:
            active, chosen = met
            if active not in self._rules:
                continue
            active.effect.met(messages_matched=1)
            if chosen:
                self._take(active, message)
                return False
        return True

    def _take(self, active: ActiveRule, message: Message) -> None:
        rule, effect = active.rule, active.effect
        if rule.does == "lose":
            effect.note(messages_lost=1)
            return
        effect.note(messages_kept=1)
        if rule.does == "reorder":
            message.overtaken = False
            message.left = rule.window
            if not rule.window:
                self._keep(active, message, self._port.now_ns() + rule.window_ns)
                return
        self._keep(active, message)

    def _count_down(self) -> list[tuple[ActiveRule, Message]]:
        """Another message came to where messages are reordered: who has waited for long enough?"""
        over: list[tuple[ActiveRule, Message]] = []
        for active, messages in self._kept.items():
            if active.rule.does == "reorder" and active.rule.window:
                for message in messages:
                    message.left -= 1
                    if message.left == 0:
                        over.append((active, message))
        return over

    def _send(self, message: Message) -> None:
        """To the receiver, and then its copies."""
        for active, messages in self._kept.items():
            if active.rule.does == "reorder":
                for earlier in messages:
                    earlier.overtaken = earlier.overtaken or earlier.number < message.number
        copies: list[tuple[int, ActiveRule]] = []
        while (met := message.next_rule("duplicate")) is not None:
            active, chosen = met
            if active not in self._rules:
                continue
            active.effect.met(messages_matched=1)
            if chosen:
                rule = active.rule
                active.effect.note(messages_duplicated=1, copies=rule.copies)
                copies.extend((rule.delay_ns * n, active) for n in range(1, rule.copies + 1))
        self._port.emit(message)
        for delay_ns, active in sorted(copies, key=lambda copy: copy[0]):
            copy = Message(message.raw, message.tag, [])
            if delay_ns:
                self._keep(active, copy, self._port.now_ns() + delay_ns)
            else:
                self._port.emit(copy)

    def _leave(self, active: ActiveRule, message: Message) -> None:
        """A rule no longer keeps it."""
        if self._ended or not self._port.alive():
            active.effect.note(died_with_connection=1)
        elif active.rule.does == "duplicate":
            self._port.emit(message)
        else:
            in_place = active.rule.does == "reorder" and not message.overtaken
            active.effect.note(**{"messages_in_place" if in_place else _OUTCOME[active.rule.does]: 1})
            self._advance(message)

    # ---- what is kept ---------------------------------------------------------------------------------------------

    def _keep(self, rule: ActiveRule, message: Message, until_ns: int | None = None) -> None:
        self._kept.setdefault(rule, {})[message] = None
        self._rules.lanes[self] = None
        if until_ns is not None:
            self._timed += 1
            heapq.heappush(self._timers, (until_ns, self._timed, rule, message))
            if self._timers[0][1] == self._timed:
                self._arm()

    def _drop(self, rule: ActiveRule, message: Message) -> bool:
        """Was it kept until now?"""
        messages = self._kept.get(rule, {})
        if message not in messages:
            return False
        del messages[message]
        if not messages:
            del self._kept[rule]
            if not self._kept:
                self._rules.lanes.pop(self, None)
        return True

    def _clear(self) -> None:
        self._kept.clear()
        self._timers.clear()
        self._rules.lanes.pop(self, None)

    def _arm(self) -> None:
        if self._timers:
            self._port.wake(self._timers[0][0])


_OUTCOME = {"hold": "messages_released", "reorder": "messages_reordered"}
