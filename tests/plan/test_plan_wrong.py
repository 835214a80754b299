"""Every mistake in a plan is shown at its place, with what to do about it, and all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import plan
from harness.plan.text.errors import PlanError, Source, Span

HEAD = "version: 1\n"
# what stands after the head line, with « where the error is; what the message says; what the hint says
WRONG: dict[str, tuple[str, str, str]] = {
    "an unknown key": ("«titel: x", "unknown key 'titel'", "did you mean title?"),
    "an unknown key of a fault": (
        "faults:\n  - {action: delay, links: [mobile-1->relay], latency: 3ms, «jiter: 2ms}",
        "unknown key 'jiter'",
        "did you mean jitter?",
    ),
    "an unknown action": (
        "faults:\n  - action: «partion\n    links: [mobile-1->relay]",
        "unknown action 'partion'",
        "did you mean partition?",
    ),
    "an action that is nothing": (
        "faults:\n  - {action: «null, links: [mobile-1->relay]}",
        "unknown action 'None'",
        "one of: ",
    ),
    "a fault without action": (
        "faults:\n  - «{links: [mobile-1->relay]}",
        "the key 'action' is missing here",
        "one of: bandwidth, ",
    ),
    "a missing key": (
        "faults:\n  - «{action: delay, links: [mobile-1->relay]}",
        "the key 'latency' is missing here",
        "",
    ),
    "a number for a duration": ("duration: «10", "a duration needs a unit; did you mean 10s or 10ms?", ""),
    "a duration in clock style": ("duration: «1:30", "expected a duration such as 250ms, 10s or 1m30s", ""),
    "too much chance": (
        "faults:\n  - {action: duplicate, links: [relay->mobile-1], chance: «140%}",
        "expected a probability between 0 and 1, or between 0% and 100%",
        "",
    ),
    "a choice that is none": (
        "faults:\n  - {action: partition, links: [relay->mobile-1], drop: «refus}",
        "expected 'blackhole', 'reset' or 'refuse', not 'refus'",
        "did you mean refuse",
    ),
    "a link that no topology has": (
        "faults:\n  - {action: delay, links: [«mobile-2->relay], latency: 3ms}",
        "no link matches 'mobile-2->relay' in this topology",
        "did you mean mobile-1->relay",
    ),
    "a link that is none": (
        "faults:\n  - {action: delay, links: [«mobile-1], latency: 3ms}",
        "expected a link such as mobile-1->relay or mobile-1<->relay, not 'mobile-1'",
        "did you mean",
    ),
    "a policy that no component has": (
        "policies: {«refresh.shard: apart}",
        "unknown policy 'refresh.shard'",
        "did you mean refresh.shared?",
    ),
    "a choice that a policy does not have": (
        "policies: {refresh.shared: «alone}",
        "unknown choice for refresh.shared 'alone'",
        "apart",
    ),
    "a node that no topology has": (
        "faults:\n  - {action: partition, groups: [[desktop-1], [«realy]]}",
        "no node 'realy' in this topology",
        "did you mean relay?",
    ),
    "a node in two groups": (
        "faults:\n  - {action: partition, groups: [[«desktop-1], [relay, desktop-1]]}",
        "'desktop-1' stands in two groups",
        "",
    ),
    "groups that cut nothing": (
        "faults:\n  - {action: partition, groups: [[«desktop-1, relay, mobile-1]]}",
        "these groups cut no link",
        "",
    ),
    "a partition of nothing": ("faults: [«{action: partition}]", "a partition needs either groups or links", ""),
    "a reconnect of the relay": (
        "faults: [{action: reconnect, clients: [«relay]}]",
        "'relay' dials nobody; a reconnect is about clients",
        "desktop-1, mobile-1",
    ),
    "a reconnect with `for`": (
        "faults: [{action: reconnect, clients: [mobile-1], for: «3s}]",
        "a reconnect lasts for its downtime; write downtime instead of for",
        "",
    ),
    "an empty match": ("faults: [{action: delay, links: «[], latency: 1ms}]", "expected at least 1 item", ""),
    "a delay of nothing": (
        "faults: [«{action: delay, links: [relay->mobile-1], latency: 0s}]",
        "a delay of nothing",
        "",
    ),
    "a fault that outlives the plan": (
        "duration: 20s\nfaults: [{action: delay, links: [relay->mobile-1], latency: 1ms, at: 15s, for: «6s}]",
        "lasts until 21s, but the plan is over after 20s",
        "at most 5s",
    ),
    "a fault that begins too late": (
        "duration: 20s\nfaults: [{action: delay, links: [relay->mobile-1], latency: 1ms, at: «20s}]",
        "begins when the plan is over, after 20s",
        "",
    ),
    "a fault longer than its repetition": (
        "faults: [{action: delay, links: [relay->mobile-1], latency: 1ms, every: 5s, for: «5s}]",
        "each lasts 5s and the next begins after 5s",
        "for is less than every",
    ),
    "a downtime longer than its repetition": (
        "faults: [{action: reconnect, clients: [mobile-1], every: {mean: 1s}, downtime: «2s}]",
        "each lasts 2s and the next begins after 1s",
        "downtime is less than every",
    ),
    "a repetition without length": (
        "faults: [{action: delay, links: [relay->mobile-1], latency: 1ms, «every: 5s}]",
        "a repeated fault needs `for`",
        "how long",
    ),
    "a repetition without end": (
        "faults: [{action: delay, links: [relay->mobile-1], latency: 1ms, every: «1us, for: 1ns}]",
        "more than 10000 times in 1m",
        "",
    ),
    "a repetition of nothing": (
        "faults: [{action: delay, links: [relay->mobile-1], latency: 1ms, every: {mean: «0s}, for: 1s}]",
        "greater than 0",
        "",
    ),
    "two faults of one name": (
        "faults:\n  - {name: a, action: reconnect, clients: [mobile-1]}\n"
        "  - {name: «a, action: reconnect, clients: [desktop-1]}",
        "two faults are called 'a'",
        "unique",
    ),
    "an unknown topology": ("topology: «one-usr", "unknown topology 'one-usr'", "did you mean one-user?"),
    "an unknown checker": ("checks: [«convergense]", "unknown checker 'convergense'", "did you mean convergence"),
    "a parameter that a checker lacks": (
        "checks: [{check: convergence, «wthin: 3s}]",
        "convergence has no parameter 'wthin'",
        "there are: none",
    ),
    "a parameter that means nothing": (
        "checks: [{check: staleness, within: «2}]",
        "expected a duration such as 250ms or 2s, not 2",
        "",
    ),
    "an unknown profile": (
        "expect: {«hardend: {verdict: VALID}}",
        "unknown profile 'hardend'",
        "did you mean hardened",
    ),
    "an unknown policy": (
        "expect: {«documented+lenght.bytes: {verdict: VALID}}",
        "unknown policy 'lenght.bytes'",
        "did you mean length.bytes",
    ),
    "an unknown verdict": (
        "expect: {hardened: {verdict: «FINE}}",
        "expected 'VALID', 'INVALID' or 'UNKNOWN', not 'FINE'",
        "",
    ),
    "an expected checker that is none": (
        "expect: {hardened: {verdict: INVALID, check: «convergense}}",
        "unknown checker 'convergense'",
        "did you mean convergence",
    ),
    "too little time to converge": (
        "settle: {converge: «5s}",
        "shorter than the 5.7 s that this timing may need to converge",
        "at least 6s",
    ),
    "an unknown timing": ("timing: «quick", "expected real, fast or {scale: 20}", ""),
    "text for a number": ("seed: «soon", "expected a whole number, not 'soon'", ""),
    "a number for a text": ("title: «5", "expected text, not 5", "quote it"),
    "a word for a list": ("faults: «none", "expected a list, not 'none'", ""),
    "a list for a mapping": ("workload: «[1]", "expected a mapping, not a list", ""),
    "a rate that is none": ("workload: {rate: «20}", "expected a rate such as 20/s or 30/m", ""),
    "a rate beyond all": ("workload: {rate: «1000000000/s}", "expected a rate above 0 and at most 1000/s", ""),
    "an endless number": ("workload: {jobs: «1e400}", "expected a finite number", ""),
    "too many calls": ("duration: 24h\nworkload: {rate: «900/s}", "more than 500000 calls", ""),
    "an unknown weight": ("workload: {mix: {desktop: {«chunks: 3}}}", "unknown key 'chunks'", "did you mean chunk?"),
    "a call of an unknown node": (
        "workload: {script: [{at: 1s, node: «mobile-9, do: open}]}",
        "no node 'mobile-9' in this topology",
        "did you mean mobile-1",
    ),
    "a call that the node does not know": (
        "workload: {script: [{at: 1s, node: desktop-1, do: «open}]}",
        "a desktop cannot open; a mobile can",
        "",
    ),
    "an unknown call": (
        "workload: {script: [{at: 1s, node: desktop-1, do: «chnk, job: a, text: x}]}",
        "unknown do 'chnk'",
        "did you mean chunk?",
    ),
    "a call with a wrong word": (
        "workload: {script: [{at: 1s, node: desktop-1, do: create, job: a, «txt: x}]}",
        "unknown key 'txt'",
        "one of: at, node, do, user, job, session, task, prompt, metadata",
    ),
    "a call that lacks its job": (
        "workload:\n  script:\n    - «{at: 1s, node: desktop-1, do: status, status: running}",
        "the key 'job' is missing here",
        "",
    ),
    "a call after the end": (
        "duration: 3s\nworkload: {script: [{at: «4s, node: mobile-1, do: open}]}",
        "comes after the plan is over (3s)",
        "",
    ),
    "a job that nobody made": (
        "workload:\n  script:\n    - {at: 1s, node: desktop-1, do: create, job: letter}\n"
        "    - {at: 2s, node: desktop-1, do: delete, job: «lettr}",
        "nobody has created the job 'lettr' by then",
        "did you mean letter?",
    ),
    "a job made twice": (
        "workload:\n  script:\n    - {at: 1s, node: desktop-1, do: create, job: x}\n"
        "    - {at: 2s, node: desktop-1, do: create, job: «x}",
        "the job 'x' is created twice",
        "never used again",
    ),
    "a session that nobody has": (
        "workload: {script: [{at: 1s, node: mobile-1, do: open, session: «session-3}]}",
        "'desktop-1' has no session 'session-3'",
        "did you mean session-",
    ),
    "a key given twice": ("duration: 3s\n«duration: 4s", "the key 'duration' is given twice", "keep one"),
    "a key that YAML 1.1 mangles": ("«on: 3", "the key 'on' is not text to every reader of YAML", "quote it"),
    "a tab": ("settle:\n«\tquiesce: 1s", "not YAML: found character '\\t'", "indent with spaces"),
    "a colon in a text": ("title: Faults«: four", "mapping values are not allowed", "quote a text"),
    "a fault after one that is not there": (
        "faults:\n  - {name: split, action: partition, links: [desktop-1<->relay], at: 1s, for: 1s}\n"
        "  - {action: delay, links: [mobile-1->relay], latency: 3ms, after: «slpit}",
        "no fault is called 'slpit'",
        "did you mean split?",
    ),
    "a fault after itself": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms, for: 1s, after: «a}",
        "these faults wait for each other: a -> a",
        "one of them begins at a time of its own",
    ),
    "faults that wait for each other": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms, for: 1s, after: «c}\n"
        "  - {name: b, action: delay, links: [relay->mobile-1], latency: 3ms, for: 1s, after: a}\n"
        "  - {name: c, action: delay, links: [desktop-1->relay], latency: 3ms, for: 1s, after: b}",
        "these faults wait for each other: a -> c -> b -> a",
        "one of them begins at a time of its own",
    ),
    "a fault after one that lasts until the end": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms}\n"
        "  - {action: delay, links: [relay->mobile-1], latency: 3ms, after: «a}",
        "begins when the plan is over, after 1m",
        "",
    ),
    "a fault that outlives the plan because of what it waits for": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms, at: 40s, for: 10s}\n"
        "  - {action: delay, links: [relay->mobile-1], latency: 3ms, after: a, at: 5s, for: «6s}",
        "lasts until 1m1s, but the plan is over after 1m",
        "at most 5s",
    ),
    "a repeated fault after a repeated one": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms, every: 9s, for: 1s}\n"
        "  - {action: delay, links: [relay->mobile-1], latency: 3ms, after: a, «every: 9s, for: 1s}",
        "'a' is repeated, and begins this one each time",
        "without `every`",
    ),
    "an endless fault after a repeated one": (
        "faults:\n  - {name: a, action: delay, links: [mobile-1->relay], latency: 3ms, every: 9s, for: 1s}\n"
        "  - {action: delay, links: [relay->mobile-1], latency: 3ms, «after: a}",
        "'a' is repeated: what begins after it each time needs `for`",
        "how long does each one last?",
    ),
    "two faults without a name that would have the same": (
        "faults:\n  - {action: delay, links: [mobile-1->relay], latency: 3ms, at: 1s, for: 1s}\n"
        "  - «{action: delay, links: [mobile-1->relay], latency: 9ms, at: 5s, for: 1s}",
        "two faults are called 'delay mobile-1->relay'",
        "give one of them a name",
    ),
    "more faults to pick than there are": (
        'pick: «2\nfaults: [{action: delay, links: ["*->relay"], latency: 3ms, at: 1s, for: 1s}]',
        "picks more faults than the plan has: delay *->relay",
        "",
    ),
    "a mode that is none": (
        'faults: [{action: delay, links: ["*->relay"], latency: 3ms, mode: «fixd, value: 2}]',
        "expected 'one', 'all', 'fixed' or 'percent', not 'fixd'",
        "did you mean fixed?",
    ),
    "a mode without its value": (
        'faults:\n  - «{action: delay, links: ["*->relay"], latency: 3ms, mode: percent}',
        "mode: percent needs a value, such as 50%",
        "",
    ),
    "a value without its mode": (
        'faults: [{action: delay, links: ["*->relay"], latency: 3ms, value: «2}]',
        "a value is for mode: fixed or mode: percent; this is mode: all",
        "",
    ),
    "a share for a number": (
        'faults: [{action: delay, links: ["*->relay"], latency: 3ms, mode: fixed, value: «50%}]',
        "expected how many: a whole number from 1 on",
        "",
    ),
    "a share of nothing": (
        'faults: [{action: delay, links: ["*->relay"], latency: 3ms, mode: percent, value: «0%}]',
        "expected a share of more than nothing",
        "",
    ),
    "more targets than there are": (
        'faults: [{action: delay, links: ["*->relay"], latency: 3ms, mode: fixed, value: «3}]',
        "only 2 match: desktop-1<->relay, mobile-1<->relay",
        "",
    ),
    "a matrix that leads to an unknown key": (
        "workload: {jobs: 3}\nmatrix: {«workload.joobs: [1, 2]}",
        "unknown key 'joobs'",
        "did you mean jobs?",
    ),
    "a matrix that names a fault that is not there": (
        "faults: [{name: split, action: partition, links: [desktop-1<->relay]}]\nmatrix: {«faults.slpit.drop: [reset]}",
        "this path leads nowhere: nothing in faults has the name 'slpit'",
        "did you mean split?",
    ),
    "a matrix that leads into a text": (
        "title: x\nmatrix: {«title.x: [1]}",
        "this path leads nowhere: title is x, which has nothing inside",
        "",
    ),
    "a wrong value in a matrix": ("matrix: {duration: [10s, «20]}", "a duration needs a unit", ""),
    "a matrix of a matrix": ("matrix: {«matrix.x: [1]}", "is no place in a plan", ""),
    "an empty matrix": ("matrix: {seed: «[]}", "expected at least 1 item", ""),
    "too many variants": (
        "«matrix: {seed: [1, 2, 3, 4, 5, 6, 7, 8, 9], duration: [1s, 2s, 3s, 4s, 5s, 6s], title: [a, b, c, d, e]}",
        "270 combinations; a matrix makes at most 256 plans",
        "",
    ),
    "a value of a matrix that makes no sense with the rest": (
        "duration: 30s\nfaults: [{name: a, action: delay, links: [mobile-1->relay], latency: 3ms, at: 9s, for: 1s}]\n"
        "matrix: {faults.a.for: [20s, «25s]}",
        "lasts until 34s, but the plan is over after 30s",
        "at most 21s",
    ),
    "an unquoted wildcard": (
        "faults: [{action: delay, links: [*-«>relay], latency: 1ms}]",
        "not YAML",
        'quote a wildcard: "*->relay"',
    ),
    "an anchor": ("title: «&a x", "anchors and aliases are not used in plans", ""),
    "a tag": ("title: «!!python/name:os.system x", "tags", ""),
    "two documents": ("«---\nversion: 1", "a second document begins here", ""),
    "an open bracket": ("faults: [«", "not YAML", ""),
    "a claim by no checker": (
        "claim: {id: C99, says: x, section: y, refuted_by: [«convergance/lost], broken: {profile: documented}}",
        "unknown checker 'convergance'",
        "did you mean convergence?",
    ),
    "a claim by no reason": (
        "claim: {id: C99, says: x, section: y, refuted_by: [«convergence/wrong-test], broken: {profile: documented}}",
        "convergence has no reason 'wrong-test'",
        "did you mean wrong-text?",
    ),
    "a claim that is broken nowhere": (
        "claim: {id: C99, says: x, section: y, refuted_by: [convergence/*], «broken: {}}",
        "as it is everywhere else, it is not broken",
        "say profile, with, without or mistake",
    ),
    "a claim that is broken in no profile": (
        "claim: {id: C99, says: x, section: y, refuted_by: [convergence/*], broken: {profile: «documentd}}",
        "unknown profile 'documentd'",
        "did you mean documented?",
    ),
    "a claim that is broken without nothing": (
        "claim: {id: C99, says: x, section: y, refuted_by: [convergence/*], broken: {without: [«length.byte]}}",
        "unknown policy 'length.byte'",
        "did you mean length.bytes or",
    ),
    "a figure without bounds": (
        "claim: {id: C99, says: x, section: y, quantities: [«{figure: f/x}], broken: {profile: documented}}",
        "it has no bounds",
        "say at_least, at_most, or both",
    ),
    "bounds that exclude each other": (
        "claim: {id: C99, says: x, section: y, "
        "quantities: [{figure: f/x, at_least: «9, at_most: 1}], broken: {profile: documented}}",
        "at_least 9 is more than at_most 1",
        "",
    ),
    "a ratio to nothing": (
        "claim: {id: C99, says: x, section: y, "
        "quantities: [{figure: f/x, at_most: 1, ratio: «true}], broken: {profile: documented}}",
        "to what?",
        "say `with: [OPTION]`",
    ),
    "a growth that no matrix varies": (
        "claim: {id: C99, says: x, section: y, "
        "quantities: [{figure: f/x, at_most: 1, growth: «workload.jobs}], broken: {profile: documented}}",
        "the plan's matrix does not vary workload.jobs",
        "say `matrix: {workload.jobs: [25, 100, 400]}`",
    ),
    "a growth with another number": (
        "matrix: {workload.jobs: [1, 2]}\n"
        "claim: {id: C99, says: x, section: y, "
        "quantities: [{figure: f/x, at_most: 1, growth: «workload.jobs}], broken: {profile: documented}}",
        "it takes a matrix of this one key, with three numbers or more, each larger than the last",
        "",
    ),
    "a growth that is a ratio": (
        "matrix: {workload.jobs: [1, 2, 3]}\n"
        "claim: {id: C99, says: x, section: y, with: [option.batching=batched], quantities: "
        "[{figure: f/x, at_most: 1, growth: workload.jobs, ratio: «true}], broken: {profile: documented}}",
        "a growth is no ratio",
        "leave one of them out",
    ),
    "a claim that nothing could refute": (
        "«claim: {id: C99, says: x, section: y, broken: {profile: documented}}",
        "nothing could refute it",
        "say `refuted_by: [CHECKER/REASON]`, or `quantities`",
    ),
    "a repair that is no safeguard": (
        "finding: {claim: C99, by: convergence/wrong-text, repair: [«length.byte]}",
        "unknown policy 'length.byte'",
        "did you mean length.bytes or",
    ),
}


def errors_of(text: str) -> list[PlanError]:
    with pytest.raises(plan.PlanErrors) as caught:
        plan.parse(text, "p")
    return caught.value.errors


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_shown_at_its_place_with_a_hint(name: str) -> None:
    marked, message, hint = WRONG[name]
    before, _, after = (HEAD + marked).partition("«")
    (error,) = errors_of(before + after)
    assert isinstance(error.where, Span)
    assert (error.where.line, error.where.column) == (before.count("\n"), len(before.rpartition("\n")[2])), error
    assert message in error.message
    assert hint in (error.hint or "")


def test_all_mistakes_are_shown_at_once_in_the_order_of_the_text() -> None:
    text = """\
version: 1
titel: Oops
duration: 30
faults:
  - action: delay
    links: [mobile-1->relay]
    latency: 300
    jiter: 80ms
  - action: partion
  - {action: duplicate, links: [mobile-1->relay], chance: 140%}
settle: {quiesce: soon}
"""
    places = [(e.where.line + 1, e.where.column + 1) for e in errors_of(text) if isinstance(e.where, Span)]
    assert places == [(2, 1), (3, 11), (7, 14), (8, 5), (9, 13), (10, 59), (11, 19)]


def test_an_error_is_a_place_a_line_a_caret_and_a_hint() -> None:
    (error,) = errors_of("version: 1\nfaults:\n  - {action: dely, links: [mobile-1->relay], latency: 3ms}\n")
    assert str(error).splitlines() == [
        "p:3:14: error: unknown action 'dely'",
        "    3 |   - {action: dely, links: [mobile-1->relay], latency: 3ms}",
        "      |              ^^^^ did you mean delay?",
    ]


def test_the_caret_stands_below_wide_letters_and_none_below_combining_ones() -> None:
    (error,) = errors_of('version: 1\nsettle: {quiesce: "日本e\u0301"}\n')
    _, shown, carets = str(error).splitlines()
    assert shown.index('"') == carets.index("^")
    assert carets.count("^") == 2 + 2 + 2 + 1


def test_a_long_line_is_cut_around_the_caret() -> None:
    (error,) = errors_of("version: 1\ntitle: " + "x" * 150 + "\nworkload: {" + " " * 300 + "joobs: 1}")
    head, shown, carets = str(error).splitlines()
    assert head.startswith("p:3:312: ")
    assert len(shown) < 180
    assert shown[carets.index("^") :].startswith("joobs")


def test_a_terminal_is_not_obeyed_when_a_plan_tells_it_something() -> None:
    error = PlanError(Span(Source("p", "a\u009b31mb\tc"), 0, 0), "wrong")
    assert "\u009b" not in str(error)
    assert "a·31mb c" in str(error)


def test_github_actions_get_the_same_errors_as_annotations() -> None:
    found = plan.PlanErrors(errors_of("version: 1\ntitel: 100%\n"))
    plain = found.render({})
    assert "::error" not in plain
    shown = found.render({"GITHUB_ACTIONS": "true"})
    assert shown.startswith(plain)
    assert shown.endswith("\n::error file=p,line=2,col=1,endColumn=6::unknown key 'titel' (did you mean title?)")


def test_annotations_escape_what_workflow_commands_would_read() -> None:
    error = PlanError("a,b:c", "100%\nor more")
    assert error.annotation() == "::error file=a%2Cb%3Ac::100%25%0Aor more"


def test_an_empty_plan_says_how_to_begin() -> None:
    for text in ("", "# nothing\n", "\ufeff"):
        (error,) = errors_of(text)
        assert error.message == "the plan is empty"
        assert "harness plan new" in (error.hint or "")


def test_a_plan_that_is_no_mapping_is_refused() -> None:
    for text in ("- 1", "quickstart", "5"):
        (error,) = errors_of(text)
        assert "expected a mapping" in error.message


def test_what_is_nested_too_deeply_is_refused_without_a_crash() -> None:
    (error,) = errors_of("version: 1\ntitle: " + "[" * 50_000)
    assert error.message == "nested more than 24 deep"


def test_a_warning_does_not_keep_a_plan_from_running() -> None:
    text = "version: 1\nfaults: [{action: delay, links: [mobile-1<->relay], latency: 300ms, at: 1s, for: 5s}]"
    (warning,) = plan.parse(text).warnings
    assert "a round trip of 600 ms is longer than a fetch waits (250 ms)" in str(warning)
    assert ":2:62: warning: " in str(warning)
    assert plan.parse(text.replace("300ms", "100ms")).warnings == ()


@pytest.mark.parametrize("role", ["desktop-1", "mobile-1"])
def test_an_option_that_a_foreign_end_need_not_know_is_refused_at_its_place(tmp_path: Path, role: str) -> None:
    users = "users: [{id: alice, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}]\n"
    own = tmp_path / "own.yaml"
    text = "version: 1\ntopology: own.yaml\npolicies: {option.payload: delta}\n"
    own.write_text(f"{users}nodes: {{{role}: {{kind: module, module: mine}}}}\n")
    with pytest.raises(plan.PlanErrors, match=rf"3:12: error: option\.payload .* and {role} is of kind module"):
        plan.parse(text, beside=tmp_path)
    own.write_text(f"{users}nodes: {{relay: {{kind: module, module: mine}}}}\n")
    plan.parse(text, beside=tmp_path)  # a relay passes on what it need not understand


def test_who_has_deleted_a_job_may_try_to_create_it_again() -> None:
    script = [
        "{at: 1s, node: desktop-1, do: create, job: x}",
        "{at: 2s, node: mobile-1, do: delete, job: x}",
        "{at: 3s, node: desktop-1, do: create, job: x}",
    ]
    text = "version: 1\nduration: 5s\nworkload:\n  script: [{}]\n"
    assert len(plan.parse(text.format(", ".join(script)), "p").words.workload.script) == 3
    (error,) = errors_of(text.format(", ".join([*script, script[2]])))
    assert error.message == "the job 'x' is created twice"
