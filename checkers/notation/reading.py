"""A line of the tiny language, token by token, into a history."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

from checkers.notation import parts
from checkers.notation.parts import NotationError
from checkers.notation.wire import journal_line, wire_taps
from checkers.past.truth import JobTruth, Truth
from harness.history import Header, History, Observation, Op, OpType, Rev, Tap

_JOB = re.compile(r"(?P<sign>[+\-~]?)(?P<job>\w+)(?:/(?P<session>\w+))?(?:(?P<how>[=@])(?P<rev>\d+))?")
_CALL = re.compile(
    r"(?P<node>\w+)(?P<way>[<>])(?:(?P<client>\d+):)?(?P<word>\w+)(?:/(?P<session>\w+))?(?:\((?P<inner>[\w=,]*)\))?"
    r"(?:@(?P<as_of>\d+))?(?P<fields>\{[^}]*\})?(?P<raw>\[.*\])?"
)
_STEP_NS = 100_000_000
SESSIONS = ("s1", "s2", "s3")


@dataclass
class _Mobile:
    name: str
    scope: dict[str, Any] = field(default_factory=lambda: {"session": SESSIONS[0]})
    visit: int = 1
    incarnation: int = 0
    jobs: dict[str, parts.Shown] = field(default_factory=dict)


def read(line: str) -> History:
    """The history that `line` tells, complete. Raises `NotationError`."""
    return _Reader(line).history


class _Reader:
    def __init__(self, line: str) -> None:
        self._now_ns = 0
        self._truth = Truth()
        self._heads: dict[str, int] = {}
        self._mobiles: dict[str, _Mobile] = {}
        self._options: dict[str, Any] = {}
        self._faults: dict[str, int] = {}
        self._calls: dict[str, Op] = {}
        self._asked: dict[str, dict[str, Any]] = {}  # process → parameters of its list
        self._nodes = {"desktop-1": "desktop", "relay": "relay", "mobile-1": "mobile"}
        self._ops: list[Op] = []
        self._taps: list[Tap] = []
        for token in parts.tokens(line):
            self._read(token)
        self.history = History(header=self._header(), ops=self._ops, taps=self._taps)

    def _read(self, token: str) -> None:
        if token.startswith("%"):
            name, _, value = token[1:].partition("=")
            self._options[name] = parts.read_value(value)
            return
        if token.startswith("@"):
            self._now_ns = round(float(token[1:]) * 1e9)
            return
        self._now_ns += _STEP_NS
        if call := _CALL.fullmatch(token):
            self._call(call)
            return
        if line := journal_line(token, self._node, parts.read_pairs):
            node, f, fields = line
            self._op(f"{node}/journal", "info", f, node, {}, value=fields, job=fields.get("job"))
            return
        who, _, what = token.partition(":")
        if who in ("fault", "heal", "inert"):
            self._fault(who, what)
        elif who == "wire" and (taps := wire_taps(what, self._node, parts.read_pairs, self._now_ns)):
            self._taps += taps
        elif who == "tap":
            node, _, message = what.partition("=")
            tap = Tap(time_ns=self._now_ns, link=f"relay->{self._node(node)}", side="out", conn=1, bytes=1, msg=message)
            self._taps.append(tap)
        else:
            self._node_does(token, self._node(who), what)

    def _node_does(self, token: str, node: str, what: str) -> None:
        desktop = node.startswith("desktop")
        for word, act in (("final", self._final), ("scope", self._scope), ("listed", self._listed)):
            if re.match(rf"{word}(?!\w|[=@])", what):
                return act(node, parts.read_more(what[len(word) :], token))
        if what in ("up", "down"):
            value = {"state": "registered" if what == "up" else "closed"}
            self._op(f"{node}/journal", "info", "link", node, {}, value=value)
            return None
        if what == "restart":
            old = self._mobile(node)
            self._mobiles[node] = _Mobile(node, incarnation=old.incarnation + 1)
            return None
        match = _JOB.match(what)
        if match is None:
            raise NotationError(f"cannot read {token!r}")
        more = parts.read_more(what[match.end() :], token)
        return self._commit(node, match, more) if desktop else self._observe(node, match, more, token)

    # ---- desktops ---------------------------------------------------------------------------------------------------

    def _commit(self, node: str, match: re.Match[str], more: parts.More) -> None:
        n = self._heads[node] = self._heads.get(node, 0) + 1
        job, known = match["job"], self._truth.job(node, match["job"])
        session = match["session"] or (known.session if known else None) or SESSIONS[0]
        attempt = (known.attempts[-1].number if known and known.attempts else 1) + ("^" in more.marks)
        value = parts.commit_value(job, session, n, match["sign"], more)
        if known and known.attempts and "chunk" in value:
            value["start"] = known.attempts[-1].length
        known_fields: dict[str, Any] = {
            "job": job,
            "session": session,
            "rev": Rev(parts.device_of(node), n),
            "attempt": attempt,
            "value": value,
        }
        types: tuple[OpType, ...] = ("invoke",) if "?" in more.marks else ("invoke", "ok")
        for kind in ("invoke", "fail") if "!" in more.marks else types:
            self._truth.feed(self._op(f"{node}/store", kind, "commit", node, more.raw, **known_fields))
        if "!" in more.marks:
            self._heads[node] = n - 1  # a revision that was never committed is taken again

    # ---- mobiles ----------------------------------------------------------------------------------------------------

    def _observe(self, node: str, match: re.Match[str], more: parts.More, token: str) -> None:
        mobile, job = self._mobile(node), match["job"]
        truth = self._job(job)
        n = int(match["rev"]) if match["rev"] else None
        if match["sign"]:
            mobile.jobs.pop(job, None)
            seen = Observation(kind="remove" if match["sign"] == "-" else "evict")
            return self._show(mobile, seen, more, job=job)
        if n is not None and (truth is None or n not in {**truth.entries, **truth.failed}):
            raise NotationError(f"{token!r}: no commit of job {job} has revision {n}")
        shown = mobile.jobs.setdefault(job, parts.Shown({}, b"", 1))
        if match["how"] == "=" and truth and n:
            seen = parts.row_shown(truth, n, shown, more)
        else:
            seen = parts.change_shown(truth, n, shown, more)
        rev = Rev(parts.device_of(truth.desktop), n) if truth and n and "~" not in more.marks else None
        known: dict[str, Any] = {"job": job, "session": truth.session if truth else None, "rev": rev}
        return self._show(mobile, seen, more, attempt=shown.attempt, **known)

    def _show(self, mobile: _Mobile, seen: Observation, more: parts.More, **fields: Any) -> None:
        seen.visit = mobile.visit
        names = set(Observation.__struct_fields__)
        value = {**msgspec.to_builtins(seen), **{k: v for k, v in more.raw.items() if k in names}}
        raw = {k: v for k, v in more.raw.items() if k not in names}
        fields |= {"cause": more.cause, "incarnation": mobile.incarnation, "value": value}
        self._op(f"{mobile.name}/replica", "ok", "observe", mobile.name, raw, **fields)

    def _scope(self, node: str, more: parts.More) -> None:
        mobile = self._mobile(node)
        kind, _, name = (more.cause or "").rpartition(":")
        mobile.scope, mobile.visit, mobile.jobs = {kind or "session": name}, mobile.visit + 1, {}
        seen = Observation(kind="scope", set={"scope": mobile.scope, "visit": mobile.visit})
        self._show(mobile, seen, parts.More(raw=more.raw))

    def _listed(self, node: str, more: parts.More) -> None:
        self._show(self._mobile(node), Observation(kind="listed"), more)

    # ---- the rest ---------------------------------------------------------------------------------------------------

    def _final(self, node: str, more: parts.More) -> None:
        state = self._desktop_state(node) if node.startswith("desktop") else self._mobile_state(node)
        self._op(f"{node}/final", "ok", "final", node, {}, value={**state, **more.raw})

    def _desktop_state(self, node: str) -> dict[str, Any]:
        mine = sorted((job for (owner, _), job in self._truth.jobs.items() if owner == node), key=lambda j: j.job)
        jobs = {j.job: parts.whole_row(j) for j in mine if j.entries and j.deleted is None}
        return {"jobs": jobs, "head": self._heads.get(node, 0), "store": f"store-{node}"}

    def _mobile_state(self, node: str) -> dict[str, Any]:
        mobile = self._mobile(node)
        jobs = {
            name: {**s.row, "response": s.text.decode(), "sync": {"attempt": s.attempt}}
            for name, s in mobile.jobs.items()
        }
        flags = {"foreground": True, "registered": True, "listed": True}
        return {"scope": mobile.scope, **flags, "visit": mobile.visit, "jobs": jobs}

    def _call(self, match: re.Match[str]) -> None:
        node = self._node(match["node"])
        process = f"{node}/user" + (f"-{match['client']}" if match["client"] else "")
        raw, fields = parts.read_pairs(match["raw"] or ""), parts.read_pairs(match["fields"] or "")
        if match["way"] == ">":
            job = match["inner"]
            value = {**({"jobId": job} if job else {}), **fields}
            self._calls[process] = self._op(process, "invoke", match["word"], node, raw, value=value, job=job)
            scope = self._mobile(node).scope if node.startswith("mobile") else {}
            self._asked[process] = {"sessionId": match["session"] or scope.get("session"), **fields}
            return
        called = self._calls.pop(process, None)
        if called is None or match["word"] not in ("ok", "fail", "info"):
            raise NotationError(f"{match.string!r}: {process} has no open call, or that is no way to return")
        told = parts.answer(match, called.f, self._job, self._asked[process], fields)
        self._op(process, match["word"], called.f, node, raw, job=called.job, **told)

    def _fault(self, way: str, name: str) -> None:
        value = {"fault": name, "action": "partition", "occurrence": 0, "fixed": True}
        if way == "fault":
            self._faults[name] = self._faults.get(name, 0) + 1
        else:
            value |= {"exercised": way == "heal", "candidates": int(way == "heal"), "effect": {}}
        self._op("nemesis", "info", "fault-begin" if way == "fault" else "fault-heal", None, {}, value=value)

    def _op(self, process: str, kind: Any, f: str, node: str | None, raw: dict[str, Any], **fields: Any) -> Op:
        known = {"index": len(self._ops), "time_ns": self._now_ns, "process": process, "type": kind, "f": f}
        if isinstance(n := raw.get("rev"), int) and (rev := fields.get("rev")) is not None:
            raw = {**raw, "rev": Rev(rev.desktop, n)}
        op = Op(**{**known, "node": node, **fields, **raw})
        self._ops.append(op)
        return op

    def _header(self) -> Header:
        level = self._options.get("level", 2)
        others = [self._node(word) for word in str(self._options.get("other", "")).split(",") if word]
        nodes: dict[str, dict[str, Any]] = {}
        for name, role in self._nodes.items():
            nodes[name] = {"role": role, "level": level}
            if role != "relay":
                nodes[name] |= {"user": "u2" if name in others else "u1", "device_id": parts.device_of(name)}
            if role == "mobile":
                nodes[name]["desktop"] = next((n for n in others if name in others and n[0] == "d"), "desktop-1")
        declared = [
            {"fault": f, "action": "partition", "fixed": True, "occurrences": n} for f, n in self._faults.items()
        ]
        return Header(
            plan="notation",
            seed=0,
            runtime=self._options.get("runtime", "sim"),
            profile=self._options.get("profile", "hardened"),
            with_=[word for word in str(self._options.get("with", "")).split(",") if word],
            nodes=nodes,
            timing=dict(parts.TIMING),
            faults=declared,
            scheduled_ops=self._options.get("scheduled", 0),
        )

    def _node(self, word: str) -> str:
        if word == "r":
            return "relay"
        match = re.fullmatch(r"([dm])(\d*)", word)
        if match is None:
            raise NotationError(f"{word!r} is no node: d, d2 … are desktops, m, m2 … mobiles")
        role = "desktop" if match[1] == "d" else "mobile"
        name = f"{role}-{match[2] or 1}"
        self._nodes.setdefault(name, role)
        return name

    def _mobile(self, node: str) -> _Mobile:
        return self._mobiles.setdefault(node, _Mobile(node))

    def _job(self, job: str) -> JobTruth | None:
        return next((truth for (_, name), truth in self._truth.jobs.items() if name == job), None)
