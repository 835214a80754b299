"""Every call ends once, tells the truth, and takes effect at most once.

A call is what a mobile's journal says of it (`call`: begin, then ok, fail or info), tied by its correlation id to what
the relay and the desktop say of it (`rpc`), to the commits that carry it out (cause `rpc:<id>`), and to the messages
that the wire saw, if there are taps. A `fail` is definite: it did not happen and never will. An id that several calls
of one node's life, or several nodes, use for the same request ties nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkers import Checker, Judge, Level
from checkers.duties.mobiles.endings import Endings, Wrong
from checkers.past.ledger import Reader
from checkers.past.phases import Counted
from checkers.traffic.merged import SLACK_NS
from checkers.traffic.replies import REGISTERED
from checkers.traffic.rpc_book import DEFINITE, INDEFINITE, REQUESTS, Book, Call, about, code_of
from checkers.traffic.rpc_wire import Answers
from checkers.words.findings import Findings, Proof, Story, ops_of, told
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_USERS_CALLS = ("cancel", "delete")  # the replica itself never makes them

_ABOUT_A_JOB = frozenset({"get", "cancel", "delete"})
_FRAMES = frozenset(  # the relay's own, of frames that it cannot hand on
    {
        *("invalid_json", "invalid_payload", "unknown_message_type", "auth_required"),
        *("missing_target_device_id", "missing_method", "relay_failed"),
    }
)


class _Rpc:
    NAME = "rpc"
    GUARANTEE = (
        "Every call asks what its user asked and completes exactly once, an error is one that its caller knows and is "
        "never shown as success, an effect happens at most once, and a call that definitely failed never takes effect."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = frozenset(
        {
            *("call", "rpc", "fetch", "commit", "final", "started", "link", "background", "foreground"),
            *("fault-begin", "fault-heal", "get", *_USERS_CALLS),
        }
    )
    REASONS: Mapping[str, str] = {
        "completed-twice": "A call ended, and ended again.",
        "never-completed": "A call was still open long after its time-out.",
        "failed-but-done": "A call failed definitely, and took effect.",
        "done-twice": "One call was carried out twice.",
        "error-as-success": "A call that was answered by an error was shown as a success.",
        "job-of-none": "A call about a job whose id is empty was not refused as one that makes no sense.",
        "half-told": "An error names a revision, and not the desktop and the store whose revision it is.",
        "unclear-refusal": "A call that was never forwarded was refused by an error that is not definite.",
        "asked-otherwise": "A call asked about another job than any user had, or about none.",
        "unknown-error": "A call was answered by an error of a kind that no caller knows.",
        "answered-twice": "The relay handed a caller more answers than he asked for.",
        "answer-nobody-asked": "The relay handed an answer to a connection that had not asked.",
        "ok-without-reply": "A call ended as ok, and no answer had been delivered to its caller.",
        "groundless-error": "A call ended by an error for which nothing that happened speaks.",
        "unheard": "An answer was delivered to its caller, and the call went on.",
        "answer-lost": "The relay says that it answered, and its caller, connected all the while, heard nothing.",
        "wrong-time-out": "A call was given up long before its time-out, or waited for long after it.",
        "failed-in-peace": "A call failed though both its ends were connected and no fault was at work.",
    }
    EXAMPLE = "rpc"
    ANOMALY = "m!call[corr=c1,method=job.get,phase=begin] m!call[corr=c1,phase=info] m!call[corr=c1,phase=ok]"
    INNOCENT = "m!call[corr=c1,method=job.get,phase=begin] m!call[corr=c1,phase=ok]"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Rpc()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._roles = {name: node.get("role") for name, node in header.nodes.items()}
        self._book = Book(header)
        self._answers = Answers(header)
        self._endings = Endings(header, 0 if header.runtime == "sim" else SLACK_NS)
        self._users: dict[str, tuple[Op, list[Call]]] = {}  # process → its open call, what the node asked meanwhile
        self._told_ok: list[tuple[Op, list[Call]]] = []
        self._asked_for: dict[tuple[str | None, str], set[str | None]] = {}  # (node, operation) → jobs of its users

    def tap(self, tap: Tap) -> None:
        if tap.msg is None and tap.type not in REGISTERED:
            return
        self._answers.tap(tap)
        self._endings.tap(tap)

    def feed(self, op: Op) -> None:
        if op.f == "commit":
            self._commit(op)
        elif op.f in _ABOUT_A_JOB:
            if self._roles.get(op.node or "") == "mobile":
                self._user(op)
        elif op.f == "call":
            self._call(op)
        elif op.f == "rpc":
            desktop = self._roles.get(op.node or "") == "desktop"
            self._book.said(op, desktop=desktop)
            if not desktop:
                self._endings.said(op)
        else:
            self._book.note(op)
            self._endings.op(op)

    def finish(self) -> CheckResult:
        for call in self._book.calls():
            self._asks_otherwise(call)
            self._at_the_end(call)
        for op, meanwhile in self._told_ok:
            self._users_success(op, meanwhile)
        for done, answer in self._book.done_and_refused():
            self._refused_but_done(done, answer)
        for answer in self._book.otherwise(self._answers.nameless, "invalid_params"):
            self._job_of_none(answer)
        for wrong in self._endings.close():
            self._wrong(wrong)
        for stray in self._answers.strays():
            self._stray(stray.reason, stray.node, stray.corr, stray.tap)
        judged = {"calls": self._book.count, "wire": "judged" if self.ledger.tapped else "not judged: no taps"}
        counted = Counted("calls", "no replica called its desktop")
        for call in self._book.calls():
            counted.add(self.ledger.phases.at((call.end or call.begin).time_ns))
        return self._findings.result(judged, counted)

    # ---- while it is read -------------------------------------------------------------------------------------------

    def _call(self, op: Op) -> None:
        call = self._book.call(op)
        if call is None:
            return
        if call.begin is op:
            for asked, meanwhile in self._users.values():
                if asked.node == op.node and call.job == asked.job and call.method == f"job.{asked.f}":
                    meanwhile.append(call)
            return
        assert call.end is not None
        if call.end is not op:
            first = call.end
            what = f"ended twice: as {code_of(first)} and, at {self.ledger.at(op.time_ns)}, as {code_of(op)}"
            self._add("completed-twice", call, op, what, [(first, f"it ends as {code_of(first)}")], "it ends again")
            return
        if call.end.value["phase"] == "fail":
            self._failed_but_done(call)
            self._half_told(call, op)
        for wrong in self._endings.end(call, op):
            self._wrong(wrong)

    def _half_told(self, call: Call, end: Op) -> None:
        """Revisions begin anew with a new store: one whose store is not told means nothing."""
        error = end.value.get("error")
        missing = [name for name in ("desktop", "store") if name not in error] if isinstance(error, dict) else []
        if missing and "asOf" in error:
            what = f"failed as of revision {error['asOf']}, and it is not told of which {' and '.join(missing)}"
            self._add("half-told", call, end, what, [], f"it ends as {code_of(end)}")

    def _commit(self, op: Op) -> None:
        kind, _, corr = (op.cause or "").partition(":")
        if kind != "rpc" or op.type != "ok":
            return
        before = self._book.effects.setdefault(corr, [])
        before.append(op)
        call = self._book.of(corr, op.job)
        if call is None:
            return
        if len(before) == 2:
            first = [(before[0], f"{op.node} carries it out")]
            self._add("done-twice", call, op, f"was carried out twice by {op.node}", first, "and does so again")
        self._failed_but_done(call)

    def _failed_but_done(self, call: Call) -> None:
        end = call.end
        if end is None or end.value["phase"] != "fail" or call.method not in REQUESTS or call.told:
            return
        done = self._book.done(call)
        if done is not None and self._book.of(call.corr, call.job) is call:
            call.told = True
            what = f"failed as {code_of(end)}, but {done.node} carried it out at {self.ledger.at(done.time_ns)}"
            told_so = [(end, f"it fails as {code_of(end)}, which says that it never happens")]
            self._add("failed-but-done", call, done, what, told_so, f"{done.node} carries it out")

    def _user(self, op: Op) -> None:
        if op.type == "invoke":
            self._asked_for.setdefault((op.node, op.f), set()).add(op.job)
        if op.f not in _USERS_CALLS:
            return
        if op.type == "invoke":
            self._users[op.process] = (op, [])
            return
        asked, meanwhile = self._users.pop(op.process, (None, []))
        if asked is not None and op.type == "ok" and meanwhile:
            self._told_ok.append((op, meanwhile))

    # ---- at the end -------------------------------------------------------------------------------------------------

    def _asks_otherwise(self, call: Call) -> None:
        """A user's call is about his job. What a replica fetches by itself it fetches by the job's id."""
        f = call.method.removeprefix("job.")
        jobs = self._asked_for.get((call.node, f)) if f in _ABOUT_A_JOB else None
        if jobs is None or call.job in jobs or None in jobs or not isinstance(call.begin.value.get("params"), dict):
            return
        if f != "get" or call.job is None:
            what = "was about no job, or about one that nobody there had asked for"
            self._add("asked-otherwise", call, call.begin, what, [], "it is asked")

    def _at_the_end(self, call: Call) -> None:
        end = call.end
        if end is None:
            final = self._book.overdue(call)
            if final is not None:
                what = f"was still open at {self.ledger.at(final.time_ns)}, long after its time-out"
                self._add("never-completed", call, final, what, [], f"{call.node} is read, and it is still open")
            return
        if end.value["phase"] == "ok":
            self._ok_of_an_error(call, end)
        elif end.value["phase"] == "info":
            self._unclear(call, end)
        else:
            self._failed_but_done(call)

    def _ok_of_an_error(self, call: Call, end: Op) -> None:
        answers = self._book.answers.get(call.corr, [])
        codes = {str(op.value.get("outcome")) for op in answers}
        if codes and codes <= {*DEFINITE, *INDEFINITE} and self._book.of(call.corr, call.job) is call:
            what = f"ended as ok, though {answers[0].node} answered {' and '.join(sorted(codes))}"
            answered = [(answers[0], f"{answers[0].node} answers {answers[0].value.get('outcome')}")]
            self._add("error-as-success", call, end, what, answered, "it ends as ok")

    def _users_success(self, op: Op, meanwhile: list[Call]) -> None:
        ends = [call.end for call in meanwhile if call.end is not None]
        if len(ends) == len(meanwhile) and all(end.value["phase"] != "ok" for end in ends):
            what = f"ended as {code_of(ends[-1])}, and its user was told ok"
            ended = [(ends[-1], f"it ends as {code_of(ends[-1])}")]
            self._add("error-as-success", meanwhile[-1], op, what, ended, "its user is told ok")
        elif isinstance(op.value, dict) and op.value.get("success") is False:
            what = "was answered without an error, by an answer that says that it did not succeed"
            self._add("error-as-success", meanwhile[-1], op, what, [], "its user is told ok, and success: false")

    def _unclear(self, call: Call, end: Op) -> None:
        code = code_of(end)
        if code in INDEFINITE or code in DEFINITE or code == "info":
            return
        seen = self.ledger.tapped or call.corr in self._book.refused
        if seen and call.corr not in self._book.forwarded and call.corr not in self._answers.forwarded:
            what = f"never left the relay and was refused as {code}, which does not say that it never happens"
            self._add("unclear-refusal", call, end, what, [], f"it ends as {code}")
            return
        if code in _FRAMES:
            return
        what = f"was answered by the error {code[:64]}, of which nobody knows whether it may still happen"
        self._add("unknown-error", call, end, what, [], f"it ends as {code[:64]}")

    def _stray(self, reason: str, node: str, corr: str, tap: Tap) -> None:
        call = self._book.latest(node, corr)
        if call is None:
            return
        at = self.ledger.at(tap.time_ns)
        said = {
            "answered-twice": f"got one answer more than it asked for at {at}",
            "answer-nobody-asked": f"was answered at {at} on a connection that had not asked",
        }
        self._add(reason, call, call.end or call.begin, said[reason], [(tap, f"the relay hands {node} an answer")], "")

    def _refused_but_done(self, done: Op, answer: Op) -> None:
        code = answer.value["outcome"]

        def tell() -> Story:
            what = f"{done.node} carried out a call for somebody at {self.ledger.at(done.time_ns)}, and answered {code}"
            story = told([(done, f"{done.node} carries it out"), (answer, f"and answers {code}")])
            return Story(what, {"job": done.job, "node": done.node, "story": story})

        self._findings.add("failed-but-done", answer, [done, answer], tell)

    def _job_of_none(self, answer: Op) -> None:
        corr, outcome = answer.value["corr"], answer.value["outcome"]

        def tell() -> Story:
            what = f"{answer.node} was called ({corr}) about a job whose id is empty, and answered {outcome}"
            return Story(what, {"node": answer.node, "story": told([(answer, what)])})

        self._findings.add("job-of-none", answer, [answer], tell)

    def _wrong(self, wrong: Wrong) -> None:
        ended = f"it ends as {code_of(wrong.op)}"
        self._add(wrong.reason, wrong.call, wrong.op, wrong.what, wrong.beside, ended)

    def _add(self, reason: str, call: Call, op: Op, what: str, between: Sequence[tuple[Proof, str]], last: str) -> None:
        name, at = about(call), self.ledger.at(call.begin.time_ns)
        whole = [(call.begin, f"{call.node} calls {name}"), *between, *([(op, last)] if last else [])]
        story = sorted(whole, key=lambda line: (1, 0) if line[0] is None else (0, line[0].time_ns))
        evidence = list({o.index: o for o in (*ops_of(story), op)}.values())

        def tell() -> Story:
            details = {"job": call.job, "node": call.node, "corr": call.corr, "story": told(story)}
            return Story(f"{call.node}'s {name} of {at} {what}", details)

        self._findings.add(reason, op, evidence, tell)
