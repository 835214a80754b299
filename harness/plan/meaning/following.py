"""When faults begin that begin after others, and what is wrong with such a chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from faults import Lasts, Timed
from harness import registry
from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document, Path
from harness.plan.times.order import Loop, fault_name, leaders_first
from harness.plan.times.repeat import lasts_ns
from harness.registry import close_matches


class Chain:
    """The faults of a plan by name. Questions about a chain that is broken are answered with None."""

    def __init__(self, faults: Sequence[Timed], duration_ns: int) -> None:
        self._faults, self._duration_ns = faults, duration_ns
        self._by_name = {fault_name(words): words for words in faults}

    def leader(self, words: Timed) -> Timed | None:
        return None if words.after is None else self._by_name.get(words.after)

    def repeats(self, words: Timed) -> bool:
        """Does it have several occurrences, its own or because the fault that it follows has?"""
        return any(one.every is not None for one in self._back(words))

    def base_ns(self, words: Timed) -> int | None:
        """What `at` counts from: 0, or when the leader heals; None when there is no such time, or are many."""
        base_ns = 0
        way = list(self._back(words))
        if way[-1].after is not None or any(one.every is not None for one in way[1:]):
            return None
        for one in reversed(way[1:]):
            begin_ns = base_ns + one.at_ns
            base_ns = begin_ns + lasts_ns(registry.find("fault", one.action), one, self._duration_ns, begin_ns)
        return base_ns

    def _back(self, words: Timed) -> Iterator[Timed]:
        """The fault, the one it waits for, and so on; a circle ends where it would begin again."""
        seen: list[int] = []
        here: Timed | None = words
        while here is not None and id(here) not in seen:
            yield here
            seen.append(id(here))
            here = self.leader(here)

    def problems(self, document: Document) -> Iterator[PlanError]:
        known = list(self._by_name)
        for i, words in enumerate(self._faults):
            path: Path = ("faults", i)
            where = document.value((*path, "after"))
            if words.after is None:
                continue
            if words.after not in known:
                hint = did_you_mean(close_matches(words.after, known)) or f"there are: {', '.join(known)}"
                yield PlanError(where, f"no fault is called {words.after!r}", hint)
            else:
                yield from self._repeated(words, document, path)
        try:
            leaders_first(self._faults)
        except Loop as exc:
            yield PlanError(
                document.value(("faults", exc.at, "after")),
                f"these faults wait for each other: {exc}",
                "one of them begins at a time of its own",
            )

    def _repeated(self, words: Timed, document: Document, path: Path) -> Iterator[PlanError]:
        leader = self.leader(words)
        if leader is None or not self.repeats(leader):
            return
        if words.every is not None:
            where_every = document.key((*path, "every"))
            yield PlanError(
                where_every, f"{words.after!r} is repeated, and begins this one each time", "without `every`"
            )
        elif words.for_ is None and not isinstance(registry.find("fault", words.action), Lasts):
            said = f"{words.after!r} is repeated: what begins after it each time needs `for`"
            yield PlanError(document.key((*path, "after")), said, "how long does each one last?")
