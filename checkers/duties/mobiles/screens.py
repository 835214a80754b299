"""What a user's own acts owe: the scope that he asked for, a failure where no screen is open, no old list."""

from __future__ import annotations

from collections import Counter
from typing import Any

from checkers.past.ledger import Sight
from checkers.past.scope import GLOBAL_PREFIX
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings, Story, told
from harness.history import Op

_SCOPE = ("session", "project")
_OPENS = ("open", "switch")


class Screens:
    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        self._judge, self._phones, self._findings = judge, phones, findings
        self._asked: dict[str, Op] = {}  # node → the open or switch that a user made last
        self._under_way: dict[str, dict[str, Op]] = {}  # node → process → one that has not returned
        self._closed: dict[str, Op] = {}  # process → a list that was asked for on a closed screen
        self._opened_ns: dict[str, int] = {}
        self._stores: dict[str, tuple[str, Op]] = {}  # node → the store that it knows, since when
        self._known_ns: dict[tuple[str, str], int] = {}  # (node, cache key) → when it was last fetched, or tried
        self._last: dict[str, str] = {}  # node → the key that was hit last
        self._hits: dict[str, tuple[Op, str, int]] = {}  # node → an old list that was served: op, key, its time
        self._refresh_ns = judge.ns("refresh_after_s") * 5 // 4
        self.judged: Counter[str] = Counter()

    # ---- scopes -----------------------------------------------------------------------------------------------------

    def asked(self, phone: Phone, op: Op) -> None:
        """An open or a switch."""
        under_way = self._under_way.setdefault(phone.node, {})
        under_way.pop(op.process, None)
        if op.type == "invoke":
            self._asked[phone.node] = under_way[op.process] = op

    def seen(self, phone: Phone, sight: Sight) -> None:
        if sight.seen.kind != "scope":
            return
        op, node = sight.op, phone.node
        shown = sight.seen.set.get("scope")
        if shown:
            self._opened_ns[node] = op.time_ns
        kind, _, name = (op.cause or "").partition(":")
        if kind == "local" and name.startswith("store:"):
            self._stores[node] = (name.removeprefix("store:"), op)
        asked = self._asked.get(node)
        if asked is None or kind != "local" or name != asked.f:
            return
        wanted = said(asked).get("scope")
        self.judged["scopes"] += 1
        others = [said(op).get("scope") for op in self._under_way.get(node, {}).values() if op.f == name]
        if isinstance(wanted, dict) and isinstance(shown, dict) and not _is_one_of(shown, [wanted, *others]):
            what = f"was asked to show {_words(wanted)} and shows {_words(shown)}"
            self._add("another-scope", phone, op, what, [(asked, f"its user asks for {_words(wanted)}"), (op, what)])

    # ---- lists ------------------------------------------------------------------------------------------------------

    def listed(self, phone: Phone, op: Op) -> None:
        """A user's list is asked for, or answered."""
        if op.type == "invoke":
            self._closed.pop(op.process, None)
            if not phone.open and phone.opened is not None:
                self._closed[op.process] = op
            return
        closed = self._closed.pop(op.process, None)
        if op.type != "ok":
            return
        if closed is not None and self._opened_ns.get(phone.node, -1) < closed.time_ns:
            what = "answered a list on a closed screen"
            self._add("closed-screen", phone, op, what, [(closed, "its user asks for a list"), (op, what)])
        self._store(phone, op)

    def _store(self, phone: Phone, op: Op) -> None:
        answer = said(op)
        store, known = answer.get("store"), self._stores.get(phone.node)
        if not isinstance(store, str):
            return
        if answer.get("source") != "cache":
            self._stores[phone.node] = (store, op)
        elif known is not None and store != known[0] and phone.hardened:
            what = "answered a list of a store that was gone, from its cache"
            self._add("former-store", phone, op, what, [(known[1], f"{phone.node} knows another store"), (op, what)])

    # ---- caches -----------------------------------------------------------------------------------------------------

    def cache(self, phone: Phone, op: Op) -> None:
        what, key = said(op).get("what"), str(said(op).get("key"))
        if what == "fill":
            self._known_ns[phone.node, key] = op.time_ns
        elif what == "hit" and not phone.ever_disturbed:
            known_ns = self._known_ns.get((phone.node, key))
            self.judged["hits"] += 1
            if known_ns is not None and op.time_ns - known_ns > self._refresh_ns + self._judge.slack_ns:
                self._hits[phone.node] = (op, key, known_ns)
        if what == "hit":
            self._last[phone.node] = key

    def fetched(self, phone: Phone, op: Op) -> None:
        line = said(op)
        if line.get("licence") == "refresh" and line.get("phase") == "begin":
            hit = self._hits.pop(phone.node, None)
            key = hit[1] if hit is not None else self._last.get(phone.node, "")
            self._known_ns[phone.node, key] = op.time_ns

    def expire(self, now_ns: int) -> None:
        if not self._hits:
            return
        for node in [n for n, (op, _, _) in self._hits.items() if now_ns > op.time_ns + 2 * self._judge.slack_ns]:
            op, _, known_ns = self._hits.pop(node)
            phone = self._phones.by_node[node]
            age = f"{(op.time_ns - known_ns) / 1e9:.3g} s"
            what = f"served a list that was {age} old from its cache, and asked for no newer one"
            self._add("not-refreshed", phone, op, what, [(op, what)])

    def forget(self, node: str) -> None:
        """It was started anew."""
        self._hits.pop(node, None)
        self._stores.pop(node, None)
        self._asked.pop(node, None)
        self._under_way.pop(node, None)
        for key in [key for key in self._known_ns if key[0] == node]:
            del self._known_ns[key]

    def _add(self, reason: str, phone: Phone, op: Op, what: str, story: list[tuple[Op | None, str]]) -> None:
        def tell() -> Story:
            message = f"at {self._judge.ledger.at(op.time_ns)} {phone.node} {what}"
            return Story(message, {"node": phone.node, "story": told(story)})

        self._findings.add(reason, op, [o for o, _ in story if o is not None], tell)


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    """The session wins over the project, unless it is global mode."""
    named = {name: scope[name] for name in _SCOPE if isinstance(scope.get(name), str)}
    if "project" in named and named.get("session", GLOBAL_PREFIX).startswith(GLOBAL_PREFIX):
        return {"project": named["project"]}
    return {"session": named["session"]} if "session" in named else named


def _is_one_of(shown: dict[str, Any], wanted: list[Any]) -> bool:
    """Several users of one phone may have asked by now, as after a pause."""
    return any(_scope(shown) == _scope(scope) for scope in wanted if isinstance(scope, dict))


def _words(scope: dict[str, Any]) -> str:
    named = _scope(scope)
    return " ".join(f"{name} {what}" for name, what in named.items()) or "nothing"
