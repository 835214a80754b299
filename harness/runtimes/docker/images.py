"""The images of a run: one with the components and the wire, one with Toxiproxy. Built when what is in them changed.

`HARNESS_BASE_IMAGE` names another base than the host's own CPython (it must have the same Python version);
`HARNESS_TOXIPROXY_IMAGE` another Toxiproxy than the binary that `harness.runtimes.toxiproxy.server` finds.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import os
import py_compile
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from harness.runtimes import RuntimeUnavailable
from harness.runtimes.docker import base_image
from harness.runtimes.toxiproxy import server as tools

IMAGE_LABEL = "jobsync-harness.image"
OFFICIAL_TOXIPROXY = f"shopify/toxiproxy:{tools.TOXIPROXY_VERSION}"
DISTRIBUTIONS = ("msgspec", "pyjwt", "regex", "websockets")  # what the components import
_WIRE_DISTRIBUTIONS = ("annotated-types", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection")
_PARTS = {  # package → patterns of what goes into the image: the components, and what the wire imports
    "targets": ("**/*.py",),
    "harness": ("__init__.py", "history.py", "pipes.py", "plugins.py", "registry.py", "seeds.py", "wire/**/*.py"),
    "faults": ("_*.py",),  # the contract and its rooms, not the faults
}
_OWN = "/opt/jobsync/own"  # where a module of somebody else lies in its container
PYTHONPATH_WITH_OWN = f"{_OWN}:/opt/jobsync/app:/opt/jobsync/site"
_OWN_BYTES_MAX = 20_000_000
_KEPT_VERSIONS = 5  # of each image: other checkouts may use theirs at this moment

_COMPONENTS = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY site /opt/jobsync/site
COPY app /opt/jobsync/app
ENV PYTHONPATH=/opt/jobsync/app:/opt/jobsync/site PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN ["python3", "-c", "import jwt, msgspec, regex, websockets, harness.wire.hop"]
"""
_TOXIPROXY = """\
FROM scratch
COPY toxiproxy-server /toxiproxy
ENTRYPOINT ["/toxiproxy"]
"""

Note = Callable[[str], None]
Files = dict[str, bytes]


@dataclass(frozen=True)
class Images:
    components: str
    toxiproxy: str


def ensure(client: docker.DockerClient, note: Note = lambda line: None) -> Images:
    """The images' tags, after building what is missing. Raises `RuntimeUnavailable`."""
    try:
        return Images(components=_components(client, note), toxiproxy=_toxiproxy(client, note))
    except BuildError as exc:
        log = "".join(line.get("stream", "") for line in exc.build_log if isinstance(line, dict))
        raise RuntimeUnavailable(f"an image cannot be built: {exc.msg}\n{log[-2000:]}") from exc
    except DockerException as exc:
        raise RuntimeUnavailable(f"an image cannot be built: {exc}") from exc


def built(client: docker.DockerClient) -> list[str]:
    """Tags of all images of ours on this engine."""
    return sorted(tag for image in client.images.list(filters={"label": IMAGE_LABEL}) for tag in image.tags)


# ---- the components ------------------------------------------------------------------------------------------------


def _components(client: docker.DockerClient, note: Note) -> str:
    base = os.environ.get("HARNESS_BASE_IMAGE") or _own_base(client, note)
    sources = {**_installed(), **_own_sources()}
    tag = f"jobsync-harness-components:{_digest(base, _COMPONENTS, sources)}"
    if not _there(client, tag):
        note(f"building the image of the components on {base}")
        compiled = {**sources, **_compiled(sources)}
        _build(client, tag, _COMPONENTS, compiled, {"BASE_IMAGE": base})
    return tag


def _own_base(client: docker.DockerClient, note: Note) -> str:
    tag = f"jobsync-harness-base:{base_image.identity()}"
    if not _there(client, tag):
        note(f"making a base image of this Python {sys.version.split()[0]}")
        archive, settings = base_image.archive()
        repository, _, version = tag.partition(":")
        changes = [*settings, f"LABEL {IMAGE_LABEL}=base"]
        client.api.import_image_from_data(archive, repository=repository, tag=version, changes=changes)
        _forget_old(client, repository)
    return tag


def _installed() -> Files:
    """Files of the distributions that the components import, as they are installed here."""
    files: Files = {}
    for name in (*DISTRIBUTIONS, *_WIRE_DISTRIBUTIONS):
        for path in importlib.metadata.distribution(name).files or []:
            if path.suffix in (".py", ".so") and not path.parts[0].startswith(".."):
                files[f"site/{path.as_posix()}"] = Path(str(path.locate())).read_bytes()
    return files


def _own_sources() -> Files:
    files: Files = {}
    for package, parts in _PARTS.items():
        root = _package_directory(package)
        for path in sorted(found for part in parts for found in root.glob(part)):
            files[f"app/{package}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return files


def _package_directory(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def _compiled(sources: Mapping[str, bytes]) -> Files:
    """`.pyc` files for all sources, never checked against them: starting takes half as long."""
    files: Files = {}
    tag = sys.implementation.cache_tag
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory, "source.py"), Path(directory, "compiled.pyc")
        for name, data in sources.items():
            if not name.endswith(".py"):
                continue
            source.write_bytes(data)
            py_compile.compile(
                str(source),
                cfile=str(target),
                dfile=f"/opt/jobsync/{name}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
            where = Path(name)
            files[str(where.parent / "__pycache__" / f"{where.stem}.{tag}.pyc")] = target.read_bytes()
    return files


# ---- Toxiproxy -----------------------------------------------------------------------------------------------------


def _toxiproxy(client: docker.DockerClient, note: Note) -> str:
    chosen = os.environ.get("HARNESS_TOXIPROXY_IMAGE")
    if chosen:
        return chosen
    try:
        binary = tools.find_toxiproxy()
        if binary is not None and tools.is_static(binary):
            return _from_binary(client, binary, note)
        if _there(client, OFFICIAL_TOXIPROXY) or _pulled(client, note):
            return OFFICIAL_TOXIPROXY
        return _from_binary(client, tools.build_toxiproxy(note), note)
    except tools.ToolMissing as exc:
        raise RuntimeUnavailable(f"no Toxiproxy: {exc}") from exc


def _from_binary(client: docker.DockerClient, binary: Path, note: Note) -> str:
    files = {"toxiproxy-server": binary.read_bytes()}
    tag = f"jobsync-harness-toxiproxy:{_digest('scratch', _TOXIPROXY, files)}"
    if not _there(client, tag):
        note(f"building the image of Toxiproxy from {binary}")
        _build(client, tag, _TOXIPROXY, files, {})
    return tag


def _pulled(client: docker.DockerClient, note: Note) -> bool:
    repository, _, version = OFFICIAL_TOXIPROXY.partition(":")
    try:
        note(f"pulling {OFFICIAL_TOXIPROXY}")
        client.images.pull(repository, tag=version)
    except DockerException:
        return False
    return True


# ---- building ------------------------------------------------------------------------------------------------------


def _there(client: docker.DockerClient, tag: str) -> bool:
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def _digest(base: str, dockerfile: str, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(f"{base}\n{dockerfile}\n".encode())
    for name in sorted(files):
        digest.update(f"{name}\n{len(files[name])}\n".encode())
        digest.update(files[name])
    return digest.hexdigest()[:12]


def _build(
    client: docker.DockerClient, tag: str, dockerfile: str, files: Mapping[str, bytes], arguments: dict[str, str]
) -> None:
    repository = tag.partition(":")[0]
    client.images.build(
        fileobj=io.BytesIO(packed({"Dockerfile": dockerfile.encode(), **files})),
        custom_context=True,
        tag=tag,
        buildargs=arguments,
        labels={IMAGE_LABEL: repository.rpartition("-")[2]},
        rm=True,
        forcerm=True,
    )
    _forget_old(client, repository)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755 if name == "toxiproxy-server" else 0o644
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _forget_old(client: docker.DockerClient, repository: str) -> None:
    """Remove all but the newest few versions; those in use stay."""
    versions = client.images.list(name=repository, filters={"label": IMAGE_LABEL})
    for image in sorted(versions, key=_made, reverse=True)[_KEPT_VERSIONS:]:
        for tag in image.tags:
            try:
                client.images.remove(tag)
            except APIError:
                continue


def _made(image: Any) -> str:
    return str(image.attrs.get("Created", ""))


def own_sources(folder: Path) -> Files:
    """The Python files below a folder, at their place in a container. Raises OSError when that is no folder of a
    program."""
    files = [path for path in sorted(folder.rglob("*.py")) if not _is_hidden(path.relative_to(folder))]
    if sum(path.stat().st_size for path in files) > _OWN_BYTES_MAX:
        most_mb = _OWN_BYTES_MAX // 10**6
        raise OSError(f"{folder} holds more than {most_mb} MB of Python: give the program a folder of its own")
    return {f"{_OWN.lstrip('/')}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in ("__pycache__", "node_modules", "site-packages") for part in path.parts)
