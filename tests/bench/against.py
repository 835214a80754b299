"""This tree against an older commit, in a work tree of its own: what a message, a start and a smallest plan cost.

    python tests/bench/against.py               against the parent of this commit
    python tests/bench/against.py a1b2c3d       against another
    python tests/bench/against.py a1b2c3d runs  some parts of it: runs, starts, shrinking

Figures are CPU time of processes of their own, which take turns: the older tree, this one, the older one again. A ratio
is what the older tree takes by what this one takes, so more is better; its noise is the older tree by itself. Plans and
rounds are those of each tree: what is compared is a message's cost, where a plan has changed between the two.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("against_worker.py")
PLANS = ("quickstart", "nightly/bursts", "nightly/calls", "nightly/duplicate", "nightly/everything", "nightly/lists")
ROUNDS = 5
FAILING = 12  # runs of documented whose failures are made small
Figures = dict[str, float]


def say(what: str, *figures: str) -> None:
    sys.stdout.write(f"  {what:<46}{''.join(f'{figure:>14}' for figure in figures)}\n")
    sys.stdout.flush()


@contextmanager
def older_tree(commit: str) -> Iterator[Path]:
    """The commit, checked out elsewhere, with the compiled parts of this tree where their sources are the same."""
    with tempfile.TemporaryDirectory(prefix="jobsync-harness-bench-") as folder:
        tree = Path(folder) / "older"
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            for built in ROOT.glob("*/*/*.so"):
                there = tree / built.relative_to(ROOT)
                if there.parent.is_dir() and _sources(built.parent) == _sources(there.parent):
                    there.write_bytes(built.read_bytes())
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _sources(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "native").glob("*")) if file.is_file()}


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True).stdout.strip()


def work(tree: Path, *words: str) -> Figures:
    """What the worker measures on that tree, in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, str(WORKER), *words], cwd=tree, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr.strip().splitlines()[-1] if done.stderr else 'failed'}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def in_turns(older: Path, measure: Callable[[Path], Figures], rounds: int) -> tuple[Figures, Figures, Figures]:
    """Medians of the older tree, of this one, and of the older one again."""
    turns: tuple[list[Figures], ...] = ([], [], [])
    for _ in range(rounds):
        for tree, found in zip((older, ROOT, older), turns, strict=True):
            found.append(measure(tree))
    first, this, again = ({name: statistics.median(one[name] for one in found) for name in found[0]} for found in turns)
    return first, this, again


def compared(older: Path, measure: Callable[[Path], Figures], rounds: int, unit: str) -> None:
    before, now, again = in_turns(older, measure, rounds)
    for name in now:
        if name in before:
            ratio, noise = before[name] / max(now[name], 1e-9), before[name] / max(again[name], 1e-9)
            say(name, f"{before[name]:.3g} {unit}", f"{now[name]:.3g} {unit}", f"{ratio:.2f}", f"{noise:.2f}")


def runs(older: Path) -> None:
    say("CPU of a message", "older", "this tree", "ratio", "noise")
    for plan in PLANS:
        compared(older, lambda tree, plan=plan: work(tree, "runs", plan), ROUNDS, "µs")  # type: ignore[misc]
    say("shares of a run of quickstart", "older", "this tree")
    before, now = work(older, "shares", "quickstart"), work(ROOT, "shares", "quickstart")
    for name in sorted(now, key=lambda part: -now[part]):
        say(f"  {name}", f"{before.get(name, 0.0):.0f} %", f"{now[name]:.0f} %")


def starts(older: Path) -> None:
    say("CPU of a start", "older", "this tree", "ratio", "noise")
    commands: dict[str, tuple[str, ...]] = {
        "harness --version": ("--version",),
        "harness --help": ("--help",),
        "harness run quickstart, beside the run": ("run", "quickstart"),
    }
    for name, words in commands.items():
        compared(older, lambda tree, n=name, w=words: {n: _start_s(tree, *w)}, ROUNDS, "s")  # type: ignore[misc]
    compared(older, lambda tree: work(tree, "worker"), ROUNDS, "s")


def _start_s(tree: Path, *words: str) -> float:
    with tempfile.TemporaryDirectory() as store:
        kept = ("--store", store) if words[0] == "run" else ()
        spent_s = work(tree, "command", *words, *kept)["s"]
    return spent_s - (work(tree, "one", words[1])["s"] if words[0] == "run" else 0.0)


def shrinking(older: Path) -> None:
    """Each tree finds failures of its own in `nightly` on documented, and makes them small."""
    say(f"smallest plans of {FAILING} failing runs", "older", "this tree", "ratio")
    before, now = work(older, "shrinking", str(FAILING)), work(ROOT, "shrinking", str(FAILING))
    for name in now:
        say(f"  {name}", f"{before[name]:.3g}", f"{now[name]:.3g}", f"{before[name] / max(now[name], 1e-9):.2f}")


PARTS: dict[str, Callable[[Path], None]] = {"runs": runs, "starts": starts, "shrinking": shrinking}


def asked(words: list[str]) -> tuple[str, list[str]]:
    """A commit and the parts. Ends the program for what is neither."""
    commits = [word for word in words if word not in PARTS]
    commit = commits[0] if commits else "HEAD^"
    known = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "--verify", "--quiet", f"{commit}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if len(commits) > 1 or known.returncode:
        wrong = commits[-1] if len(commits) > 1 else commit
        sys.exit(f"{wrong} is neither a commit nor a part; parts are {', '.join(PARTS)}\n\n{__doc__}")
    return known.stdout.strip(), [word for word in words if word in PARTS] or list(PARTS)


def main(words: list[str]) -> None:
    commit, chosen = asked(words)
    sys.stdout.write(f"this tree against {commit}\n")
    with older_tree(commit) as older:
        for name in chosen:
            PARTS[name](older)


if __name__ == "__main__":
    main(sys.argv[1:])
