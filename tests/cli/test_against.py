"""`harness show RUN --against OTHER`: two runs on the terminal."""

from __future__ import annotations

from cli_rig import Harness

PLAN = "edge/duplicate-events"


def _runs(harness: Harness) -> list[str]:
    for profile in ("hardened", "documented"):
        assert harness("run", PLAN, "--profile", profile).code in (0, 1)
    return sorted(str(file.parent) for file in harness.folder.glob("store/*/*-0-*/run.json"))


def test_two_runs_are_compared(harness: Harness) -> None:
    good, bad = sorted(
        _runs(harness), key=lambda run: "documented" in (harness.folder / run / "run.json").open().read()
    )
    said = harness("show", good, "--against", bad)
    assert said.code == 0 and said.is_clean()
    assert "profile" in said.out and "only in B" in said.out and "only in A" not in said.out
    assert "stream-integrity shrunk" in said.out
    assert "the first event at which they part" in said.out
    assert sum(line.startswith("  > ") for line in said.out.splitlines()) in (2, 4)
    alike = harness("show", good, "--against", good)
    assert "nothing that happened differs" in alike.out and "part" not in alike.out.partition("nothing")[2]


def test_it_goes_with_none_of_the_options_of_one_run(harness: Harness) -> None:
    good, bad = _runs(harness)
    for more in (["--messages"], ["--job", "a1"], ["--node", "relay"], ["--around", "1s"]):
        assert harness("show", good, "--against", bad, *more).code == 254
    assert harness("show", good, "--against", "nix").code == 254
