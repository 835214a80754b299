"""A run in words: the sentences that the terminal, `summary.md` and the page share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from harness import registry
from harness.judging import ladder
from harness.report.told.textdiff import TextPair, compare
from harness.schedule import System, profile_name
from harness.store.rundir import RunRecord, StoredRun
from harness.verdict import CheckResult, Verdict


def system(record: RunRecord) -> str:
    """`documented, in the sim runtime`."""
    name = profile_name(record.profile, record.with_, record.without)
    return f"{name} · {record.runtime}"


def first_failure(results: Iterable[CheckResult]) -> CheckResult | None:
    """The result to tell first: INVALID before UNKNOWN, one that can show both texts before others, the earliest op."""
    failed = [r for r in results if r.verdict in (Verdict.INVALID, Verdict.UNKNOWN)]
    return min(failed, key=_interest, default=None)


def in_order(results: Iterable[CheckResult]) -> list[CheckResult]:
    """All results as a table shows them: the failures first, what was not judged last."""
    rank = {Verdict.INVALID: 0, Verdict.UNKNOWN: 1, Verdict.VALID: 2, None: 3}
    return sorted(results, key=lambda r: (rank[r.verdict], _interest(r) if rank[r.verdict] < 2 else ()))


def _interest(result: CheckResult) -> tuple[bool, bool, bool, bool, int]:
    """An uncertain run begins with what befell it: all other doubts follow from that."""
    has_texts = text_pair(result) is not None
    first = result.first if result.first is not None else 1 << 62
    in_doubt = result.verdict is not Verdict.INVALID
    is_cause = in_doubt and result.check == "runtime"
    exited = (result.check, result.reason) == ("liveness", "exited")  # what others find is then its consequence
    return (in_doubt, not (is_cause or exited), not has_texts, "story" not in result.details, first)


def one_sentence(result: CheckResult) -> str:
    """What was found, as one line; of a checker that says nothing, what its reason means."""
    return " ".join(result.message.split()) or reason(result.check, result.reason) or guarantee(result.check)


def sentences(result: CheckResult) -> list[str]:
    """The operations that did it, one sentence each, in time order; none if they only say the message again."""
    story = result.details.get("story")
    if not isinstance(story, list):
        return []
    told = [str(part["what"]) for part in story if isinstance(part, dict) and part.get("what")]
    return [] if told == [result.message] else told


def text_pair(result: CheckResult) -> TextPair | None:
    """Both texts of a failure that is about text."""
    expected, shown = result.details.get("expected_text"), result.details.get("shown_text")
    if not isinstance(expected, str) or not isinstance(shown, str):
        return None
    pair = compare(expected, shown)
    return None if pair.equal else pair


def guarantee(check: str) -> str:
    """What a checker guards, in its own words; empty for one that is not (or no longer) there."""
    try:
        return str(registry.find("checker", check).GUARANTEE)
    except registry.UnknownName:
        return "The run itself came about as it should." if check == "runtime" else ""


def reason(check: str, code: str | None) -> str:
    """What a reason code means, in one sentence."""
    if code is None:
        return ""
    try:
        return str(registry.find("checker", check).REASONS.get(code, ""))
    except registry.UnknownName:
        return ""


def promised(result: CheckResult) -> str:
    """What a checker that found nothing guards, and what it measured."""
    measured = result.details.get("said")
    said = f" {shortened(measured, 600)}" if isinstance(measured, str) else ""
    judged = f" Judged: {looked}." if (looked := looked_at(result)) else ""
    return f"{guarantee(result.check)}{said}{judged}"


def looked_at(result: CheckResult) -> str:
    """How much a checker has judged, and how much of it since the first fault began; of nothing, why."""
    seen = result.looked_at
    if result.verdict is None:
        return result.message.removeprefix("not judged: ")
    if seen is None:
        return ""
    since = f", {seen.during:,} during faults and {seen.after:,} after" if seen.since_faults else ""
    what = seen.what if " and " in seen.what else _counted(seen.what, seen.total)
    return f"{seen.total:,} {what}{since}"


def run_words(plan: Path, system: System) -> list[str]:
    """What `harness` is told to play a plan on the same rules again."""
    swaps = [("--with", name) for name in system.with_] + [("--without", name) for name in system.without]
    return ["run", str(plan), "--profile", system.profile, *(word for swap in swaps for word in swap)]


def run_command(plan: Path, system: System) -> str:
    """What plays a plan on the same rules again."""
    return shlex.join(["harness", *run_words(plan, system)])


def headline(record: RunRecord, results: Iterable[CheckResult]) -> str:
    """The verdict in one sentence, for somebody who knows no checker."""
    found = list(results)
    if record.verdict is None and not found:
        return "The run has no verdict: it goes on, or its harness was killed."
    if not found:
        return "What the checkers said is missing: harness check judges what was recorded again."
    if record.verdict is Verdict.VALID:
        return "Every promise that could be judged was kept."
    failure = first_failure(found)
    if failure is None:
        return "Nothing was judged."
    message = failure.message.partition(". ")[0] if failure.check == "runtime" else failure.message
    told = reason(failure.check, failure.reason) or shortened(message, 160) or f"{failure.check} failed."
    return told if failure.verdict is Verdict.INVALID else f"Not decided: {told[:1].lower()}{told[1:]}"


def doubts(run: StoredRun) -> list[str]:
    """Why what is told of a run is less than it was."""
    found = []
    if run.history is None and run.record.ended is not None and run.results:
        found.append("The history of this run is missing: what it shows of the run is what was judged before.")
    elif run.history is not None and run.history.problem is not None:
        found.append(f"The history is incomplete ({run.history.problem}): what comes later is not shown.")
    return found


def sentence(text: str) -> str:
    """With a capital letter at its beginning, where that is a word and not a name such as `mobile-1`."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isascii() and first.isalpha() and first.islower() else text


def consistency(results: Iterable[CheckResult]) -> str:
    """The strongest level of consistency that the run has shown, and what it means; empty when none was judged."""
    level = ladder.strongest(results)
    return f"{level}: {ladder.means(level)}" if level is not None else ""


def kinds(result: CheckResult) -> str:
    """How much more of it there is: `Found 4 times; also: gap.` Empty when this is all."""
    count_ = result.details.get("count")
    told = [f"found {count_:,} times in this run"] if isinstance(count_, int) and count_ > 1 else []
    told += [f"also of this kind: {', '.join(result.others)}"] if result.others else []
    return shortened("; ".join(told).capitalize() + ".", 400) if told else ""


def shortened(text: str, most: int) -> str:
    """`text`, its middle left out when it is longer than `most` characters."""
    if len(text) <= most:
        return text
    left_out = len(text) - most
    return f"{text[: most * 2 // 3]} … ({left_out:,} characters left out) … {text[-most // 3 :]}"


def seconds(ns: float) -> str:
    """A time of the run: `12.345 s`."""
    return f"{ns / 1e9:.3f} s"


def count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def effect(counts: object) -> str:
    """What a fault measurably did, by name and number: `12 messages duplicated, 12 copies`."""
    pairs = counts.items() if isinstance(counts, dict) else ()
    told = [f"{n:,} {_counted(str(name).replace('_', ' '), n)}" for name, n in pairs if isinstance(n, int) and n]
    return ", ".join(told) or "nothing"


_ES = re.compile(r"(ss|x|ch|sh|z)es$")  # processes, boxes, batches


def _counted(what: str, n: int) -> str:
    """`connections cut`, and of one only: `connection cut`."""
    words = what.split(" ")
    several = next((at for at, word in enumerate(words) if word.endswith("s")), None)
    if n != 1 or several is None:
        return what
    noun = words[several]
    words[several] = f"{noun[:-3]}y" if noun.endswith("ies") else noun[:-2] if _ES.search(noun) else noun[:-1]
    return " ".join(words)
