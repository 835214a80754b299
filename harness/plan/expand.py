"""Plan + seed → schedule. Pure: equal arguments give equal schedules, in every process.

Every draw comes from a stream with a name: a fault's times from `fault:<name>`, a client's calls from
`workload:<client>`, texts from `content:<job>`; the root of them all is the plan's draws and the seed (`identity`).
With equal draws, taking one fault away moves nothing else.
"""

from __future__ import annotations

from random import Random

from faults import Fault, MayBeIdle, Targets, Timed
from harness import registry
from harness.plan.identity import draws_of
from harness.plan.meaning.whole import Setting, split_profile
from harness.plan.times.order import fault_name, leaders_first
from harness.plan.times.picking import picked
from harness.plan.times.repeat import When, awaited, occurrences
from harness.schedule import CheckSpec, FaultAt, Schedule, Step, profile_name
from harness.seeds import Dice
from harness.workload import cut_at, steps
from harness.workload.shown import a_screen_shows_a_job

_MEETS = 0.9  # how far into a fault the last messages come at most


def schedule_of(setting: Setting, name: str, seed: int) -> Schedule:
    """The exact times and targets of a plan that makes sense."""
    words, duration_ns = setting.words, setting.duration_ns
    dice = Dice(draws_of(words), seed)
    calls = steps(words.workload, setting.system, duration_ns, dice)
    faults = _faults(setting, dice)
    end_ns = _early_end(setting, calls, faults, dice)
    converge_ns = words.settle.converge
    return Schedule(
        plan=name,
        title=words.title or name,
        seed=seed,
        draws=dice.draws,
        duration_ns=duration_ns,
        quiesce_ns=words.settle.quiesce,
        converge_ns=converge_ns if converge_ns is not None else setting.converge_floor_ns,
        system=setting.system,
        steps=calls if end_ns is None else cut_at(calls, end_ns),
        faults=faults if end_ns is None else _with_nothing_after(faults, end_ns),
        checks=[CheckSpec(check=c.check, params=c.params) for c in words.checks],
        expect={_named(key): e.model_dump(exclude_none=True) for key, e in words.expect.items()},
    )


def _named(key: str) -> str:
    profile, with_, without = split_profile(key)
    return profile_name(profile, sorted(with_), sorted(without))


def _faults(setting: Setting, dice: Dice) -> list[FaultAt]:
    faults = picked(setting.words.faults, setting.words.pick, dice)
    times: dict[str, list[When]] = {}
    found: list[FaultAt] = []
    for at in leaders_first(faults):
        words, name = faults[at], fault_name(faults[at])
        fault: Fault = registry.find("fault", words.action)
        leader = None if words.after is None else times[words.after]
        times[name] = occurrences(fault, words, setting.duration_ns, dice.stream(f"fault:{name}"), leader)
        if not (isinstance(fault, MayBeIdle) and fault.is_idle(words)):
            fixed = setting.has_fixed_time(words)
            targets = setting.targets(fault, words)
            found += [_fault_at(words, name, when, targets, dice, fixed) for when in times[name]]
    return sorted(found, key=lambda at: (at.at_ns, at.fault, at.index))


def _fault_at(words: Timed, name: str, when: When, targets: Targets, dice: Dice, fixed: bool) -> FaultAt:
    chosen = _chosen(words, targets, dice.stream(f"fault:{name}:{when.index}:targets"))
    return FaultAt(
        fault=name,
        action=words.action,
        index=when.index,
        at_ns=when.at_ns,
        for_ns=when.for_ns,
        directions=list(chosen.directions),
        nodes=list(chosen.nodes),
        params=words.words(),
        fixed=fixed,
        moment=awaited(words, round(_within_ns(words) * dice.stream(f"fault:{name}:{when.index}:moment").random())),
    )


def _within_ns(words: Timed) -> int:
    return words.moment.within if words.moment is not None else 0


def _chosen(words: Timed, targets: Targets, random: Random) -> Targets:
    """The share that `mode` asks for."""
    candidates = targets.candidates
    count = words.share_of(len(candidates))
    if count >= len(candidates):
        return targets
    return targets.only(set(random.sample(candidates, count)))


def _early_end(setting: Setting, calls: list[Step], faults: list[FaultAt], dice: Dice) -> int | None:
    """In a share of the seeds: the time of a desktop's call inside a fault, after which everybody stops.

    Later traffic reveals and repairs what a fault destroyed. Only a fault that outlives the beginning of every
    fixed one is chosen, for each of those must have met something; and a time at which there is something to see.
    """
    workload = setting.words.workload
    share, within = dice.spread("ends in fault"), dice.stream("schedule").random()
    if not workload.seeded or share >= workload.ends_in_fault:
        return None
    begun_ns = max((at.at_ns for at in faults if at.fixed), default=0)
    desktops = {node.name for node in setting.system.nodes if node.role == "desktop"}
    acts_ns = [step.at_ns for step in calls if step.node in desktops]
    met_ns = {(at.fault, at.index): _acts_inside(acts_ns, at, begun_ns) for at in faults}
    able = [key for key, found in met_ns.items() if found]
    if not able:
        return None
    chosen = met_ns[max(able, key=lambda key: dice.stream(f"schedule:{key[0]}:{key[1]}").random())]
    from_there = chosen[int(within * len(chosen)) :]
    return next((end_ns for end_ns in from_there if a_screen_shows_a_job(calls, setting.system, end_ns)), None)


def _acts_inside(acts_ns: list[int], at: FaultAt, begun_ns: int) -> list[int]:
    if at.moment is not None:  # nobody knows when
        return []
    start_ns, end_ns = max(at.at_ns, begun_ns), at.at_ns + at.for_ns
    latest_ns = start_ns + round((end_ns - start_ns) * _MEETS)
    return [act_ns for act_ns in acts_ns if start_ns < act_ns <= latest_ns]


def _with_nothing_after(faults: list[FaultAt], end_ns: int) -> list[FaultAt]:
    """Without those that begin when everybody has stopped: another fault's recovery repairs what this one destroyed."""
    return [at for at in faults if at.fixed or at.at_ns <= end_ns]
