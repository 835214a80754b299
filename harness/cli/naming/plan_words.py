"""The words of a plan that are no plug-ins: what each means, its default, and how it is written.

Words that have a model are explained by it, the others by what stands here; all have an example, which can be played.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from faults import Every, Match, Moment, Words
from harness import plan as plans
from harness import registry
from harness.cli.telling import say
from harness.plan.systems.topology import NodeWords, Timing, Topology
from harness.plan.words.described import default_of, descriptions
from harness.plan.words.model import Expectation, PlanWords, Settle
from harness.workload.calls import CALLS
from harness.workload.lasting import Lasting
from harness.workload.words import Content, DesktopMix, Lives, MobileMix, Workload

_LOSS = "{action: loss, links: [relay->mobile-1], at: 2s, for: 3s"
_CHUNK = '{at: 2s, node: desktop-1, do: chunk, job: a, text: "Привет"'
UNKNOWN = "UNKNOWN"

NAMES: Mapping[str, type[Words]] = {
    "workload": Workload,
    "content": Content,
    "lives": Lives,
    "mix.desktop": DesktopMix,
    "mix.mobile": MobileMix,
    "stream": Lasting,
    "settle": Settle,
    "timing": Timing,
    "match": Match,
    "at": Moment,
    "every": Every,
    "expect": Expectation,
    "topology": Topology,
    "node": NodeWords,
    "plan": PlanWords,
    **{f"do: {name}": call for name, call in CALLS.items()},
}
_PROSE: Mapping[str, str] = {  # of words without a model, and what a model does not say of itself
    "script": f"""Calls at exact times: one entry a call, with the time (a duration since the start of the workload),
        the node, what it does, and the words of that call. Without `jobs` the script is all that is done, and
        `script: []` is silence; with `jobs` the drawn calls go on beside it.

        The calls are {", ".join(CALLS)}; `harness explain chunk` explains one of them.""",
    "pick": """How many of the plan's faults each seed plays, drawn anew: a whole number. Left out, each seed plays all
        of them. All faults have their turn before one comes again, and a fault that begins `after` another brings
        it along.""",
    "matrix": """Makes many plans of one, for campaigns: each key is a place in the plan, its parts joined by dots (a
        fault is named by its `name`), each value a list of what stands there in turn. Every combination is a plan.
        Left out, there is one. `harness run` plays the plan as it stands; `harness hunt` plays all of them.""",
    "match": """Stands in a fault of whole messages: loss, hold, reorder, duplicate.""",
    "timing": """In short: `timing: real` is as in production, `timing: fast` twenty times as fast; left out, it is what
        the topology says, and that is real if it says nothing. Durations of a plan are not divided.""",
    "expect": """Keyed by profile, its swaps as a part of the name: `documented`, `hardened-order.revisions`,
        `documented+length.bytes`. A run that ends as expected exits with 0. Left out, VALID is success.""",
    "topology": """A topology is a YAML file of its own, or one that ships (`harness list topologies`); a plan names it:
        `topology: one-user`, which is the default. `harness explain node` says what single nodes may have of
        their own.""",
    UNKNOWN: """A run is UNKNOWN when nothing is broken, and yet nobody can say that all is well: too little
        happened, or too little could be seen. It is never taken for VALID, and exits with 2. `harness run`
        says which of the reasons below it was, and what to change in the plan.

        What helps: begin the fault while calls are under way (`at`, `for`), or aim it at a link that has something to
        carry; make the workload longer or denser (`spread`, `rate`, `stream`); give the system time to converge
        (`settle`); open a screen on each mobile. A run that was stopped early is UNKNOWN as well: play it again.""",
}
EXAMPLES: Mapping[str, str] = {  # in a plan; of a topology, as a file
    "workload": "workload: {jobs: 10, rate: 5/s, mobile_rate: 2/s, spread: 20s}",
    "content": "workload: {content: {unicode: 30%, repeat: 20%}}",
    "lives": "workload: {lives: {again: 10%, brief: 5%}}",
    "mix.desktop": "workload: {mix: {desktop: {chunk: 10, delete: 0}}}",
    "mix.mobile": "workload: {mix: {mobile: {switch: 3, cancel: 0}}}",
    "stream": "workload: {stream: {for: 10s, every: 500ms}}",
    "settle": "settle: {quiesce: 1s, converge: 20s}",
    "timing": "timing: {scale: 10}",
    "match": f'faults:\n  - {_LOSS}, match: {{type: "job:*"}}}}',
    "at": "faults:\n  - {action: pause, nodes: [desktop-1], at: {after: open, node: mobile-1, within: 200ms}, for: 1s}",
    "every": f"faults:\n  - {_LOSS[:-7]}for: 1s, every: {{mean: 5s, dist: exponential}}}}",
    "expect": "expect:\n  hardened: {verdict: VALID}\n  documented: {verdict: INVALID, check: stream-integrity}",
    "topology": "users:\n  - id: alice\n    desktops: [{id: desktop-1, projects: {app: [session-1]}}]\n"
    "    mobiles: [{id: mobile-1, desktop: desktop-1}]\ntiming: fast",
    "node": "users: [{id: alice, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}]\n"
    "nodes:\n  mobile-1: {profile: documented}",
    "plan": "title: A flaky uplink\nduration: 10s\nworkload: {jobs: 4, rate: 5/s}\nfaults:\n"
    f"  - {_LOSS}, chance: 20%}}",
    "script": f"workload:\n  script:\n    - {{at: 1s, node: desktop-1, do: create, job: a}}\n    - {_CHUNK}}}",
    "pick": f"pick: 1\nfaults:\n  - {_LOSS}}}\n  - {{action: pause, nodes: [mobile-1], at: 2s, for: 1s}}",
    "matrix": f"matrix: {{workload.rate: [10/s, 40/s], faults.lossy.for: [1s, 5s]}}\n"
    f"faults:\n  - {_LOSS.replace('{', '{name: lossy, ', 1)}}}",
}
TOPICS = [*dict.fromkeys([*NAMES, *_PROSE])]


def named(name: str) -> str | None:
    """The word that is meant; a call is known without its `do:` as well."""
    return next((word for word in (name, f"do: {name}") if word in TOPICS), None)


def prose(word: str) -> str:
    """What a model does not say of it; nothing of most words."""
    return inspect.cleandoc(_PROSE.get(word, ""))


def explain(word: str) -> None:
    """What it means, its words with units and defaults, and an example."""
    model = NAMES.get(word)
    say.line(f"{word}, {'a verdict' if word == UNKNOWN else 'what a plan may say'}", bold=True)
    for paragraph in [*_paragraphs(model), *prose(word).split("\n\n")]:
        if paragraph.strip():
            say.paragraph(" ".join(paragraph.split()))
    if model is not None:
        say.line()
        for key, field in model.model_fields.items():
            line(key, field, _default(field), model)
    if word == UNKNOWN:
        say.line()
        say.rows(list(registry.find("checker", "evidence").REASONS.items()))
    if word in EXAMPLES:
        say.line()
        say.line("  for example", fg="cyan")
        say.line("\n".join(f"  {said}" for said in EXAMPLES[word].splitlines()))


def line(key: str, field: FieldInfo, default: str, model: type[BaseModel]) -> None:
    """A word, what it is when it is left out, and what it means."""
    say.line(f"  {field.alias or key:<14} {default}".rstrip())
    if text := descriptions(model).get(key):
        say.paragraph(text, first=" " * 6, rest=" " * 6)


def _paragraphs(model: type[Words] | None) -> list[str]:
    told = (inspect.getdoc(model) or "").split("\n\n") if model is not None else []
    return [paragraph for paragraph in told if not paragraph.startswith(_INHERITED)]


_INHERITED = inspect.getdoc(BaseModel) or "\0"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = default_of(field)
    if value is None:
        return "default: none"
    return "default: words of its own" if isinstance(value, dict) and value else f"default: {plans.on_one_line(value)}"
