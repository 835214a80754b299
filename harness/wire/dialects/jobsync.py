"""The reference's own words: docs/wire.md."""

from __future__ import annotations

from typing import Final

from harness.wire.classify import Classified, classify


class Jobsync:
    NAME: Final = "jobsync"
    SUMMARY: Final = "the words of the reference, as docs/wire.md has them"

    def classify(self, frame: bytes) -> Classified:
        return classify(frame)

    def to_reference(self, frame: bytes) -> bytes | None:
        return frame

    def from_reference(self, frame: bytes) -> bytes | None:
        return frame


DIALECT = Jobsync()
