"""A base image made of the CPython that runs this very process: no registry, about a second, the same interpreter.

Every file keeps the path it has here, so that neither Python nor the dynamic loader has to be told where things are.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

_SKIPPED = frozenset({"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data"})
_SKIPPED_PACKAGES = frozenset({"site-packages", "dist-packages"})
# C wheels are linked against these by name; without them they fall back to pure Python, silently.
_STUBS = ("libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libgcc_s.so.1")
_NAME_SERVICE = ("libnss_files.so.2", "libnss_dns.so.2")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
_DIRECTORIES = ("bin", "data", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/local/bin", "var")


def identity() -> str:
    """Changes when the interpreter or the recipe does."""
    program = _program()
    stat = program.stat()
    parts = (sys.version, str(program), str(stat.st_size), str(stat.st_mtime_ns), Path(__file__).read_text())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def archive() -> tuple[bytes, list[str]]:
    """A root file system as an uncompressed tar (about 60 MB), and the image settings that go with it."""
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    libraries = _libraries([_program(), *sorted((stdlib / "lib-dynload").glob("*.so"))])
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in _DIRECTORIES:
            _add_directory(tar, name)
        for name, text in _FILES.items():
            _add_text(tar, name, text)
        _add_file(tar, _program())
        for link in ("python", "python3"):
            _add_link(tar, f"usr/local/bin/{link}", str(_program()))
        tar.add(stdlib, str(stdlib).lstrip("/"), filter=_wanted)
        for library in libraries:
            _add_file(tar, library)
    paths = ":".join(dict.fromkeys(str(library.parent) for library in libraries))
    settings = [
        "ENV PATH=/usr/local/bin:/usr/bin:/bin",
        f"ENV LD_LIBRARY_PATH={paths}",  # there is no ld.so.cache in the image
        "ENV LANG=C.UTF-8",
        "WORKDIR /",
    ]
    return out.getvalue(), settings


def _program() -> Path:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return (Path(sys.base_prefix) / "bin" / version).resolve()


def _libraries(programs: list[Path]) -> list[Path]:
    """Every shared library that `programs` need, by the path the loader uses here, with glibc's stubs."""
    found: set[str] = set()
    wanted = [p for p in programs if "_tkinter" not in p.name and not p.name.startswith("_test")]
    for at in range(0, len(wanted), 50):
        listed = subprocess.run(
            ["ldd", *map(str, wanted[at : at + 50])], capture_output=True, text=True, check=False
        ).stdout
        found.update(re.findall(r"(?:=> )?(/\S+) \(0x", listed))
    libc = next((Path(name).parent for name in sorted(found) if Path(name).name.startswith("libc.so")), None)
    if libc is not None:
        found.update(str(libc / name) for name in (*_STUBS, *_NAME_SERVICE) if (libc / name).exists())
    return [Path(name) for name in sorted(found)]


def _wanted(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = Path(info.name).parts
    name = parts[-1]
    if _SKIPPED.intersection(parts) or _SKIPPED_PACKAGES.intersection(parts) or name.startswith("config-"):
        return None
    if name.endswith(".a") or "_tkinter" in name or (name.endswith(".pyc") and ".opt-" in name):
        return None
    return _rootly(info)  # times stay: the compiled files beside the sources are checked against them


def _rootly(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


def _add_directory(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    tar.addfile(info)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text.encode()), 0o644
    tar.addfile(info, io.BytesIO(text.encode()))


def _add_link(tar: tarfile.TarFile, name: str, to: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, to
    tar.addfile(info)


def _add_file(tar: tarfile.TarFile, path: Path) -> None:
    """The file that `path` leads to, under the name of `path`."""
    real = Path(os.path.realpath(path))
    info = _rootly(tar.gettarinfo(str(real), str(path).lstrip("/")))
    with real.open("rb") as file:
        tar.addfile(info, file)
