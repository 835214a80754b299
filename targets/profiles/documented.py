"""The components exactly as the design document of the system under test describes them, defects included."""

from __future__ import annotations

from collections.abc import Mapping

SUMMARY = "as the document says, defects included"
# The document does not say what becomes of a silent peer, and the protocol says it for both profiles.
_SILENCE = ("transport.pings-count", "transport.dead-relay", "transport.dead-client")
PROFILE: Mapping[str, str] = {"*": "documented", **dict.fromkeys(_SILENCE, "hardened")}
