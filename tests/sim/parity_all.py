"""The parity suites on every Python that is installed: `make parity`, or this file with the paths of interpreters.

Each one gets an environment of its own in a temporary directory. The exit code is 1 if one of them failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SUITES = ("tests/sim/net/test_parity.py", "tests/sim/net/test_toxics_real.py")
_OLDEST, _NEWEST = 11, 19  # minor versions to look for
_LIMIT_S = 900
_ASK = "import sys, venv; assert sys.version_info >= (3, 11); print('%d.%d.%d' % sys.version_info[:3])"


def candidates() -> Iterator[str]:
    for minor in range(_OLDEST, _NEWEST + 1):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob("versions/3.*/bin/python")))


def installed(programs: Iterator[str] | list[str]) -> dict[str, str]:
    """Version → interpreter, of those that start and are new enough."""
    found: dict[str, str] = {}
    for program in programs:
        said = subprocess.run([program, "-c", _ASK], capture_output=True, text=True, check=False)
        if said.returncode == 0:
            found.setdefault(said.stdout.strip(), program)
    return found


def passes(program: str, directory: Path) -> bool:
    python = directory / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands: list[list[object]] = [
        [program, "-m", "venv", directory],
        [*pip, "-r", _ROOT / "requirements.lock", "pytest"],
        [python, "-m", "pytest", "-p", "no:cacheprovider", *_SUITES],
    ]
    env = {**os.environ, "PYTHONPATH": str(_ROOT)}
    for command in commands:
        words = [str(word) for word in command]
        if subprocess.run(words, cwd=_ROOT, env=env, timeout=_LIMIT_S, check=False).returncode:
            return False
    return True


def main(programs: list[str]) -> int:
    failed = []
    for version, program in installed(programs or candidates()).items():
        print(f"== Python {version} ({program})", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            if not passes(program, Path(directory)):
                failed.append(version)
    print(f"failed: {', '.join(failed)}" if failed else "all alike")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
