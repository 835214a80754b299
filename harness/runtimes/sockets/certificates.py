"""The certificates of one run: a CA of its own, and what the wire shows to clients that speak TLS with it."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import trustme

_CA, _BUNDLE, _WIRE = "ca.pem", "trusted.pem", "wire.pem"
_NEEDED: Final = "trustme"


def trouble() -> str | None:
    """Why there can be none."""
    if importlib.util.find_spec(_NEEDED) is None:
        return "it needs trustme: pip install 'jobsync-harness[tls]'"
    return None


def issue(folder: Path, host: str) -> None:
    """Write them into `folder`, which nobody else may read: the wire's has its key beside it."""
    import trustme  # noqa: PLC0415 - an extra, which few runs need

    folder.mkdir(mode=0o700, parents=True)
    authority = trustme.CA()
    own = authority.issue_cert(host)
    authority.cert_pem.write_to_path(folder / _CA)
    own.private_key_and_cert_chain_pem.write_to_path(folder / _WIRE)
    _trusted(authority, folder / _BUNDLE)


def _trusted(authority: trustme.CA, path: Path) -> None:
    """The run's CA, and whomever this machine trusts: a program may have others to talk to."""
    system = ssl.get_default_verify_paths().cafile
    known = Path(system).read_bytes() if system is not None else b""
    path.write_bytes(known + authority.cert_pem.bytes())


def shown(folder: Path) -> str:
    """The wire's certificate, with its key."""
    return str(folder / _WIRE)


def authority(folder: Path) -> str:
    """Who signed it."""
    return str(folder / _CA)


def is_secret(path: str) -> bool:
    """Does it hold a key?"""
    return Path(path).name == _WIRE


def environment(folder: Path) -> Mapping[str, str]:
    """By which programs on OpenSSL (Python, Go, Rust, curl) and on Node.js find whom to trust."""
    ca, bundle = str(folder / _CA), str(folder / _BUNDLE)
    return {"RELAY_CA": ca, "SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": ca}
