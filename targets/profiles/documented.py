"""The components exactly as the design document of the system under test describes them, defects included."""

from __future__ import annotations

from collections.abc import Mapping

SUMMARY = "as the document says, defects included"
PROFILE: Mapping[str, str] = {"*": "documented"}
