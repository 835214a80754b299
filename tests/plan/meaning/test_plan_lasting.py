"""Work that lasts: `spread`, `stream`, and a phone that does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from harness import plan, registry
from harness.plan import PlanErrors
from harness.runs.run import execute
from harness.schedule import Schedule, Step
from harness.seeds import Dice
from harness.shrink.explicit import explicit
from harness.shrink.search import Wanted
from harness.shrink.writing import plan_text
from harness.verdict import Verdict
from harness.workload import Workload, steps

S = 10**9
SIM = registry.find("runtime", "sim")
HEAD = "version: 1\nduration: 50s\ntopology: one-session\n"
FEW = "jobs: 2, rate: 4/s, ends_in_fault: 0"
SCRIPT = """workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 1s, node: desktop-1, do: create, job: a}
    - {at: 2s, node: desktop-1, do: chunk, job: a, text: "one ", stream: {for: 30s, every: 500ms}}
"""


def expanded(workload: str, seed: int = 0, faults: str = "") -> Schedule:
    return plan.expand(plan.parse(f"{HEAD}workload: {{{workload}}}\n{faults}"), seed)


def of(schedule: Schedule, node: str) -> list[Step]:
    return [step for step in schedule.steps if step.node == node]


def last_s(schedule: Schedule, node: str = "desktop-1") -> float:
    return of(schedule, node)[-1].at_ns / S


@pytest.mark.parametrize("seed", range(8))
def test_spread_work_goes_on_for_as_long_as_it_says(seed: int) -> None:
    times = [step.at_ns / S for step in of(expanded(f"{FEW}, spread: 40s", seed), "desktop-1")]
    until = [time_s for time_s in times if time_s <= 40]
    assert until[-1] > 38
    assert max(b - a for a, b in pairwise(until)) < 4, "there is no long pause"
    assert sum(step.f == "create" for step in of(expanded(f"{FEW}, spread: 40s", seed), "desktop-1")) == 2


def test_without_spread_few_jobs_are_soon_over() -> None:
    pauses = []
    for seed in range(8):
        times = [0, *(step.at_ns / S for step in of(expanded(FEW, seed), "desktop-1")), 50]
        pauses.append(max(b - a for a, b in pairwise(times)))
    assert min(pauses) > 4


@pytest.mark.parametrize("seed", range(8))
def test_no_phone_ends_a_job_of_work_that_is_to_last(seed: int) -> None:
    schedule = expanded(f"{FEW}, spread: 40s, mix: {{mobile: {{cancel: 50, delete: 50}}}}", seed)
    ended = {s.value["jobId"]: s.at_ns for s in of(schedule, "desktop-1") if s.f in ("finalize", "delete")}
    for step in of(schedule, "mobile-1"):
        if step.f in ("cancel", "delete"):
            assert step.at_ns >= min(ended.get(step.value["jobId"], 40 * S), 40 * S)


@pytest.mark.parametrize("nothing", ["0", "0/s", "0/m"])
def test_a_phone_that_does_nothing_opens_its_screen_and_looks(nothing: str) -> None:
    assert [step.f for step in of(expanded(f"{FEW}, mobile_rate: {nothing}"), "mobile-1")] == ["open"]


def test_a_phone_that_does_nothing_changes_no_call_of_a_desktop() -> None:
    system, dice = expanded(FEW).system, Dice("", 3)
    words = {"jobs": 2, "rate": "4/s"}
    busy, idle = (
        steps(Workload.model_validate({**words, "mobile_rate": rate}), system, 50 * S, dice) for rate in ("2/s", 0)
    )
    mine = [[step for step in found if step.process == "desktop-1/user"] for found in (busy, idle)]
    assert mine[0] == mine[1] and mine[0]


def test_a_seeded_stream_comes_at_its_pace_and_nobody_finalizes_its_job_meanwhile() -> None:
    schedule = expanded(f"{FEW}, spread: 40s, stream: {{for: 6s, every: 250ms}}", 3)
    steps = of(schedule, "desktop-1")
    chunks = [step for step in steps if step.f == "chunk"]
    pauses = {b.at_ns - a.at_ns for a, b in pairwise(chunks) if a.value["jobId"] == b.value["jobId"]}
    assert 250_000_000 in pauses and len(chunks) >= 24
    for end in (step for step in steps if step.f in ("finalize", "delete")):
        mine = [chunk.at_ns for chunk in chunks if chunk.value["jobId"] == end.value["jobId"]]
        assert all(at_ns <= end.at_ns for at_ns in mine)


def test_a_scripts_stream_is_one_chunk_after_the_other() -> None:
    schedule = plan.expand(plan.parse(HEAD + SCRIPT))
    chunks = [step for step in schedule.steps if step.f == "chunk"]
    assert [step.at_ns for step in chunks] == [2 * S + n * S // 2 for n in range(60)]
    assert {step.value["chunk"] for step in chunks} == {"one "} and "stream" not in chunks[0].value


def test_equal_seeds_give_equal_work_in_every_process() -> None:
    text = f"{HEAD}workload: {{{FEW}, spread: 40s, stream: {{for: 6s, every: 250ms}}, mobile_rate: 0}}\n"
    code = "import sys; from harness import plan; from harness.schedule import encode_schedule as e; import hashlib; "
    code += "print(hashlib.sha256(e(plan.expand(plan.parse(sys.stdin.read(), 'p'), 5))).hexdigest())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=text,
            text=True,
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": h},
        ).stdout
        for h in ("0", "1")
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ("spread: 60s", "longer than the plan, which is over after 50s"),
        ("spread: 0s", "spread"),
        ("mobile_rate: -1/s", "expected a rate such as 20/s or 30/m"),
        ("rate: 0", "expected a rate such as 20/s or 30/m"),
        ("mobile_rate: false", "expected a rate such as 20/s or 30/m"),
        ("stream: {for: 1s, every: 2s}", "a chunk every 2s does not come twice in so short a stream"),
        ("stream: {for: 1h, every: 1ms}", "a stream of more than 10000 chunks"),
        ("stream: {every: 1s}", "the key 'for' is missing here"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_their_place(workload: str, said: str) -> None:
    with pytest.raises(PlanErrors) as refused:
        expanded(workload)
    assert said in str(refused.value) and ":4:" in str(refused.value)


def test_a_stream_that_outlives_the_plan_is_refused() -> None:
    with pytest.raises(PlanErrors, match="lasts until 61500ms, but the plan is over after 50s"):
        plan.parse(HEAD + SCRIPT.replace("30s", "1m"))


def test_the_words_are_written_back_as_they_were() -> None:
    workload = f"{FEW}, spread: 40s, stream: {{for: 6s, every: 250ms}}, mobile_rate: 0"
    first = plan.parse(f"{HEAD}workload: {{{workload}}}\n")
    again = plan.parse(plan.dump(first))
    assert again.words.workload == first.words.workload
    assert plan.expand(again, 1).steps == plan.expand(first, 1).steps
    script = plan.parse(HEAD + SCRIPT)
    assert plan.parse(plan.dump(script)).words.workload.script == script.words.workload.script


def test_the_schema_knows_them() -> None:
    from harness.plan.words.schema import rendered  # noqa: PLC0415

    definitions = json.loads(rendered())["definitions"]
    assert {"spread", "stream", "mobile_rate"} <= definitions["Workload"]["properties"].keys()
    assert "stream" in definitions["Chunk"]["properties"]
    assert definitions["Lasting"]["properties"].keys() == {"for", "every"}


def test_what_is_left_of_a_stream_is_written_as_a_stream_and_is_the_same_run() -> None:
    schedule = explicit(plan.expand(plan.parse(HEAD + SCRIPT)))
    schedule.steps = [step for step in schedule.steps if step.f != "chunk" or step.at_ns >= 4 * S]
    text = plan_text(schedule, {"topology": "one-session"}, Wanted("convergence", "wrong-text"), "t")
    assert "stream: {for: 28s, every: 500ms}" in text and text.count("do: chunk") == 1
    assert plan.expand(plan.parse(text)).steps == schedule.steps


def test_a_few_equal_chunks_stay_calls_of_their_own() -> None:
    schedule = explicit(plan.expand(plan.parse(HEAD + SCRIPT.replace("30s", "1500ms"))))
    assert plan_text(schedule, {}, Wanted("convergence", "wrong-text"), "t").count("do: chunk") == 3


def test_a_stream_through_a_fault_is_judged_during_it_and_after() -> None:
    tunnel = "faults: [{name: tunnel, action: partition, links: [mobile-1<->relay], at: 5s, for: 10s}]\n"
    result = execute(plan.expand(plan.parse(f"{HEAD}timing: fast\n{SCRIPT}{tunnel}".replace("30s", "20s"))), SIM)
    assert result.verdict is Verdict.VALID
    texts = next(r.looked_at for r in result.results if r.check == "stream-integrity")
    assert texts is not None and texts.before > 0 and texts.after > 10
