"""What is handed on holds what it needs: the sdist everything to build and to test, the wheel everything to run."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "targets", "faults", "checkers")
FILES = (
    *("README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "hatch_build.py"),
    *("requirements.lock", "requirements-dev.lock"),
)


def _held(*folders: str) -> set[str]:
    """Files of the project below folders, by their path in it; not what is made of them, which git ignores."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout: what belongs to the project is what git knows")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    told = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in told.split("\0") if (ROOT / name).is_file()}


def _built(target: str, source: Path, into: Path) -> Path:
    """Without a compiler: it brings nothing but its own file, which pure Python does without."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=source,
        env={**os.environ, "HARNESS_PURE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked."""
    archive = _built("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("sources")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked; built of nothing but the sdist."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(_built("wheel", sdist, tmp_path_factory.mktemp("wheel"))) as archive:
        archive.extractall(folder)
    return folder


def test_the_sdist_holds_every_source_plan_page_and_test(sdist: Path) -> None:
    wanted = _held(*PACKAGES, "configs", "docs", "tests", *FILES)
    assert len(wanted) > 1000
    assert {name for name in wanted if not (sdist / name).is_file()} == set()


def test_the_wheel_holds_every_module_template_and_plan(wheel: Path) -> None:
    wanted = _held(*PACKAGES) | {f"harness/{name}" for name in _held("configs")}
    assert len(wanted) > 900
    assert {name for name in wanted if not (wheel / name).is_file()} == set()
    (about,) = wheel.glob("*.dist-info")
    assert {path.name for path in wheel.iterdir()} == {*PACKAGES, about.name}
    commands = (about / "entry_points.txt").read_text(encoding="utf-8")
    assert "harness = harness.cli:main" in commands
    assert "harness.testing.plugin" in commands


def test_a_wheel_plays_and_reports_a_run_without_the_project_beside_it(wheel: Path, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(wheel)}
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = said("-c", f"print(*(__import__(name).__file__ for name in {PACKAGES}))").split()
    assert [path for path in where if not path.startswith(str(wheel))] == []
    assert "VALID" in said("-m", "harness", "run", "quickstart", "--store", "runs")
    (report,) = (tmp_path / "runs").glob("quickstart/*/report.html")
    assert "<svg" in report.read_text(encoding="utf-8")
