"""Looking ahead: who must be seen before anything can bring an object back from where no read knows it."""

from __future__ import annotations

from checkers.linearizability import Is, Space, To, Trial


class Foresight:
    """Whether the dead state is hopeless at a return: the earliest return of an observation that is called later comes
    before the next call of a blind step."""

    def __init__(self, trial: Trial, space: Space, horizon: int) -> None:
        self._trial, self._space, self._horizon = trial, space, horizon
        self._at: list[bool] | None = None

    def at(self, position: int) -> bool:
        if self._at is None:
            self._at = self._look_ahead()
        return self._at[position]

    def _look_ahead(self) -> list[bool]:
        operations, events = self._trial.operations, self._trial.events
        never = len(events) + 1
        returns, next_blind, first_seen = {}, never, never
        doomed = [False] * len(events)
        for position in range(len(events) - 1, -1, -1):
            doomed[position] = first_seen < next_blind
            event = events[position]
            if event < 0:
                if position < self._horizon:
                    returns[~event] = position
                continue
            effect = self._space.effect(operations[event])
            if type(effect) is To:
                if effect.blind:
                    next_blind = position
            elif type(effect) is Is and event in returns:
                first_seen = min(first_seen, returns[event])
        return doomed
