"""A mutant lives in the memory of one process: its file stays as it is, and nobody else sees it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.hunting.mutants import hook
from harness.hunting.mutants.task import Mutant
from harness.hunting.pool import Died, Pool

SOURCE = textwrap.dedent(
    '''
    """Doc."""

    def twice(n):
        """Two times."""
        if n < 0:
            raise ValueError
        for _ in range(1):
            n = n * 2
        return n

    class C:
        def never(self):
            return 1

    AT_IMPORT = twice(3)
    '''
)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "of_a_test.py"
    file.write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return file


def asked(task: tuple[str, bytes]) -> tuple[int, str | None, list[int]]:
    """In a worker: what the module does there, what its file is said to be, and which statements were come to."""
    file, source = task
    sys.path.insert(0, str(Path(file).parent))
    reach = hook.install({file: source} if source else {}, () if source else (file,))
    import of_a_test  # type: ignore[import-not-found]  # noqa: PLC0415 - after the hook

    reach.clear()
    return of_a_test.twice(5), of_a_test.__file__, sorted(reach.of(file))


def _in_a_worker(file: Path, source: bytes) -> tuple[int, str | None, list[int]]:
    [(_, found)] = Pool(asked, 1).results([(str(file), source)])
    assert not isinstance(found, Died), found
    return found


def test_a_worker_loads_nothing_that_may_be_changed_before_its_hook_is_in_place() -> None:
    says = "import sys; import harness.hunting.mutants.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, timeout=120, check=True)
    own = {f"harness.hunting.mutants{name}" for name in ("", ".hook", ".task", ".worker")}
    loaded = {
        name for name in done.stdout.split() if name.split(".")[0] in ("harness", "targets", "faults", "checkers")
    }
    assert loaded == {"harness", "harness.hunting", "harness.verdict", *own}


def test_only_the_worker_has_the_mutant(module: Path) -> None:
    answer, file, _ = _in_a_worker(module, SOURCE.replace("n * 2", "n * 3").encode())
    assert (answer, file) == (15, str(module))
    assert module.read_text() == SOURCE
    assert [path.name for path in module.parent.iterdir()] == ["of_a_test.py"]  # nor is there any bytecode of it
    said = subprocess.run(
        [sys.executable, "-c", "import of_a_test; print(of_a_test.twice(5))"],
        cwd=module.parent,
        capture_output=True,
        check=True,
    )
    assert said.stdout == b"10\n"
    assert not any(isinstance(finder, hook._Finder) for finder in sys.meta_path)
    assert "of_a_test" not in sys.modules


def test_a_watched_module_tells_what_a_run_comes_to(module: Path) -> None:
    """Not what happens while it is imported, nor what nobody calls; and it does what it does unwatched."""
    answer, _, lines = _in_a_worker(module, b"")
    assert answer == 10
    assert lines == [6, 8, 9, 10]


def test_a_module_that_is_loaded_is_not_changed(module: Path) -> None:
    with pytest.raises(hook.AlreadyLoaded, match=r"hook\.py"):
        hook.install({str(hook.__file__): b""})


def homes(task: str) -> list[str]:
    """In a worker: the tasks that its process has seen."""
    seen.append(task)
    return seen


seen: list[str] = []


def test_tasks_of_different_homes_share_no_process() -> None:
    tasks = ["a1", "a2", "b1", "a3"]
    found = [result for _, result in Pool(homes, 1, home=lambda task: task[0]).results(tasks)]
    assert found == [["a1"], ["a1", "a2"], ["b1"], ["a3"]]


def test_a_mutant_says_what_it_changes() -> None:
    data = b"def f(a):\n    b = a\n    return b\n"
    mutant = Mutant(file="x.py", kind="k", function="f", line=3, edits=((14, 19, "b = 1"), (31, 32, "a")))
    assert mutant.source(data) == b"def f(a):\n    b = 1\n    return a\n"
    assert mutant.changed_lines(data) == (["    b = a", "    return b"], ["    b = 1", "    return a"])
    assert mutant.diff(data).splitlines()[0].endswith("@@ f")
