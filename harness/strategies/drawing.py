"""The strategies: scripts, workloads, faults, and plans that are made of them."""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from harness.strategies.calls import any_call, as_script
from harness.strategies.cast import cast_of
from harness.strategies.troubles import actions_on, one_fault, told_apart
from harness.strategies.words import Words
from harness.strategies.writing import as_text

SETTINGS: Final = settings(
    deadline=None,  # a run takes as long as it takes
    phases=[
        phase for phase in Phase if phase is not Phase.explain
    ],  # it traces every line: runs take ten times as long
    suppress_health_check=[HealthCheck.too_slow],
)
TOPOLOGIES: Final = ("one-user", "one-session", "two-mobiles", "same-screen", "two-desktops")


def scripts(topology: str = "one-user", *, most_calls: int = 12) -> st.SearchStrategy[list[Words]]:
    """Scripts: a screen is opened and a job created, so that there is something to see, and then whatever desktops and
    phones do, in the order of time.

    Raises `PlanErrors` or `UnknownName` for a topology that is none, `ValueError` for one without a phone, as all of
    these do.
    """
    cast = cast_of(topology)
    return st.lists(any_call(cast), max_size=most_calls).map(lambda drawn: as_script(drawn, cast))


def workloads(topology: str = "one-user", *, most_calls: int = 12, most_jobs: int = 0) -> st.SearchStrategy[Words]:
    """A script, and generated clients besides in some: of at most so many jobs for each desktop, 0: never."""
    script = scripts(topology, most_calls=most_calls).map(lambda calls: {"script": calls})
    generated = st.fixed_dictionaries(
        {
            "jobs": st.integers(1, max(1, most_jobs)),
            "rate": st.sampled_from(["20/s", "10/s", "40/s"]),
            "mobile_rate": st.sampled_from(["2/s", "8/s"]),
            "crossed": st.sampled_from([0, 0.3]),
        }
    )
    besides: st.SearchStrategy[Words] = st.just({})
    return st.builds(lambda more, calls: {**more, **calls}, besides | generated if most_jobs else besides, script)


def faults(topology: str = "one-user", *, most_faults: int = 4, runtime: str = "sim") -> st.SearchStrategy[list[Words]]:
    """Faults of all kinds that this runtime can inject, at any times; those of plug-ins as their examples say."""
    cast = cast_of(topology)
    one = st.one_of([one_fault(action, cast) for action in actions_on(topology, runtime)])
    return st.lists(one, max_size=most_faults).map(told_apart)


def plans(
    topology: str | None = None,
    *,
    most_calls: int = 12,
    most_jobs: int = 0,
    most_faults: int = 4,
    runtime: str = "sim",
) -> st.SearchStrategy[str]:
    """Texts of plans that can be played on this runtime: on the topology of that name, else on one of `TOPOLOGIES`.

    With `most_jobs` some have generated clients besides; a counter-example may then keep one of their jobs, which is
    many calls, where a script would have few.
    """

    def on(name: str) -> st.SearchStrategy[str]:
        work = workloads(name, most_calls=most_calls, most_jobs=most_jobs)
        trouble = faults(name, most_faults=most_faults, runtime=runtime)
        return st.builds(lambda *drawn: as_text(name, *drawn), st.integers(0, 3), work, trouble)

    return st.one_of([on(name) for name in ([topology] if topology is not None else TOPOLOGIES)])
