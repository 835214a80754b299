"""Which events concern the screen at all."""

from __future__ import annotations

from targets.mobile.model import Event, Held, Scope
from targets.mobile.policies_scope import DESKTOP, PROJECT
from targets.policy import Policies


class Gate:
    """`desktop`: the active one's device id."""

    def __init__(self, policies: Policies, desktop: str) -> None:
        self._desktop = desktop
        self._by_desktop, self._by_project = policies[DESKTOP], policies[PROJECT]

    def admits(self, event: Event, held: Held | None, scope: Scope) -> bool:
        """Document, "Global Mode Bypass": the session gate, and what passes it unasked."""
        if self._by_desktop and event.desktop != self._desktop:
            return False
        if not scope.is_global:
            return event.session is None or event.session == scope.session
        project = held.row.get("projectHash") if held is not None else event.project
        return not self._by_project or project is None or project == scope.project_hash
