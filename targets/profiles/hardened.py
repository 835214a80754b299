"""The same protocol with every known defect closed, one safeguard per defect."""

from __future__ import annotations

from collections.abc import Mapping

SUMMARY = "the same protocol with every known defect closed"
PROFILE: Mapping[str, str] = {"*": "hardened"}
