"""Builds the compiled engine of `checkers.linearizability`, and the compiled reader of `harness.interchange`, while the
package is built or installed for editing.

Nothing needs it: where there is no C compiler, or no headers of this Python, the package is pure Python and says so in
`harness doctor`. `python hatch_build.py` builds it in place.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, where hatchling is not installed
    BuildHookInterface = object  # type: ignore[assignment,misc]

PACKAGES = (Path("checkers/linearizability"), Path("harness/interchange"))  # each has its C sources in native/
_LIMIT_S = 120


class Unbuildable(Exception):
    """Why there is no compiled engine."""


class Hook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        for package in PACKAGES:
            self._build(package, version == "editable", build_data)

    def _build(self, package: Path, editable: bool, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        into = root / package if editable else Path(tempfile.mkdtemp())
        try:
            built = build(root / package / "native", into)
        except Unbuildable as exc:
            self.app.display_warning(f"{package} was not compiled, pure Python does its work: {exc}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        if not editable:
            build_data["force_include"][str(built)] = f"{package}/{built.name}"


def build(sources: Path, into: Path) -> Path:
    """The module's file, in `into`. Raises `Unbuildable`."""
    if os.environ.get("HARNESS_PURE", "") not in ("", "0"):
        raise Unbuildable("HARNESS_PURE is set")
    linker = os.environ.get("CC") or sysconfig.get_config_var("CC")
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    if not linker or not suffix:
        raise Unbuildable("this Python does not say how it was compiled")
    files = sorted(sources.glob("*.c"))
    built = into / f"_native{suffix}"
    shared = ["-shared", "-fPIC"] if sys.platform != "darwin" else ["-bundle", "-undefined", "dynamic_lookup"]
    with tempfile.TemporaryDirectory(dir=into) as half:
        output = Path(half) / built.name
        command = [*shlex.split(linker), "-O2", "-std=c11", *shared, f'-DSOURCE_DIGEST="{digest(sources)}"']
        command += [f"-I{sysconfig.get_paths()['include']}", *map(str, files), "-o", str(output)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LIMIT_S)
        except FileNotFoundError:
            raise Unbuildable(f"no compiler {command[0]!r}") from None
        except subprocess.SubprocessError as exc:
            said = str(getattr(exc, "stderr", None) or exc).strip()
            raise Unbuildable(said.splitlines()[0] if said else "the compiler failed") from None
        output.replace(built)  # at once: another process may be loading the old one
    return built


def digest(sources: Path) -> str:
    """As `checkers.linearizability.engine.digest`, which is not importable from here."""
    found = hashlib.sha256()
    for path in sorted(sources.glob("*.[ch]")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


if __name__ == "__main__":
    here = Path(__file__).parent.resolve()
    try:
        for package in PACKAGES:
            sys.stdout.write(f"built {build(here / package / 'native', here / package)}\n")
    except Unbuildable as exc:
        sys.exit(f"not built: {exc}")
