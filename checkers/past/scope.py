"""Which jobs a scope holds: a session's, or a project's (global mode)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

GLOBAL_PREFIX = "mobile-session-"  # a session with this prefix is no session: it shows all of its desktop's jobs


def in_scope(row: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    """Does a job's row belong to `{"session": s}` or `{"project": directory}`? The session wins over both."""
    session, project = scope.get("session"), scope.get("project")
    if isinstance(session, str) and not (session.startswith(GLOBAL_PREFIX)):
        return bool(row.get("sessionId") == session)
    if isinstance(project, str):
        return bool(row.get("projectHash") == hashlib.sha256(project.encode()).hexdigest())
    return isinstance(session, str)
