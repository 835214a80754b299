"""Since when, and for how long, two clients were registered at one time: without that nothing passes between them."""

from __future__ import annotations

from harness.history import Op


class Together:
    """Fed with `link` ops in order of time. A client that journals no links is taken for registered all the time."""

    def __init__(self) -> None:
        self._stretches: dict[str, list[tuple[int, int | None]]] = {}  # client → from and until of each registration

    def feed(self, op: Op) -> None:
        state = op.value.get("state") if isinstance(op.value, dict) else None
        if op.node is None or not isinstance(state, str):
            return
        stretches = self._stretches.setdefault(op.node, [])
        is_open = bool(stretches) and stretches[-1][1] is None
        if state == "registered" and not is_open:
            stretches.append((op.time_ns, None))
        elif state != "registered" and is_open:
            stretches[-1] = (stretches[-1][0], op.time_ns)

    def longest_ns(self, one: str, other: str, from_ns: int, until_ns: int) -> int:
        """The longest stretch between two times in which both were registered."""
        return max(
            (
                min(end, last) - max(begin, first)
                for begin, end in self._of(one, from_ns, until_ns)
                for first, last in self._of(other, from_ns, until_ns)
            ),
            default=0,
        )

    def _of(self, node: str, from_ns: int, until_ns: int) -> list[tuple[int, int]]:
        stretches = self._stretches.get(node)
        if stretches is None:
            return [(from_ns, until_ns)]
        found = [(max(from_ns, begin), until_ns if end is None else end) for begin, end in stretches]
        return [(begin, min(end, until_ns)) for begin, end in found if end > begin]
