"""Plans of folders as tests: one item for each variant of a plan and each seed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from harness.testing import session
from harness.testing.asked import Asked

if TYPE_CHECKING:
    from harness.testing.playing import Order, Run

_NO_PLAN = re.compile(r"^(users|services):", re.MULTILINE)  # a topology, or a compose file that one names


def is_plan(path: Path, places: Sequence[Path]) -> bool:
    """Does a file count as one? In a folder all YAML does, apart from what lies there for plans to use."""
    if path.suffix not in session.SUFFIXES:
        return False
    if path in places:
        return True
    inside = any(path.is_relative_to(place) for place in places)
    return inside and not _NO_PLAN.search(path.read_text(encoding="utf-8", errors="replace"))


class PlanFile(pytest.File):
    """A file with a plan. What is wrong with it is an error of its collection."""

    def collect(self) -> Iterator[PlanItem]:
        from harness.testing.playing import Unplayable, ids, orders  # noqa: PLC0415 - only where there are plans

        try:
            found = orders(Asked(str(self.path)), session.seeds(self.config), [self.path.parent], self.nodeid)
        except Unplayable as exc:
            raise self.CollectError(str(exc)) from exc
        for warning in found[0].plan.warnings:
            self.warn(pytest.PytestWarning(str(warning)))
        for order, name in zip(found, ids(found), strict=True):
            yield PlanItem.of(self, name, order)


class PlanItem(pytest.Item):
    """One run of a plan. It is played while the item is set up, as it is for a test function."""

    order: Order
    run: Run

    @classmethod
    def of(cls, parent: PlanFile, name: str, order: Order) -> Self:
        item: Self = cls.from_parent(parent, name=name)
        item.order = order
        return item

    def setup(self) -> None:
        self.run = session.play(self.order, self.config)

    def runtest(self) -> None:
        session.require_expected(self.run)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.order.plan.name} seed {self.order.seed}"
