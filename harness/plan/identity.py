"""What a plan's random draws are named after: what the plan says, so that different plans differ with one seed.

The name of its file is no part of it, nor are its notes and expectations: a plan and a seed alone give the run again,
from any file and from standard input, and on any profile.
"""

from __future__ import annotations

import hashlib
import json

import msgspec

from harness.plan.times.order import fault_name
from harness.plan.words.model import PlanWords

_NOTES = {"version", "title", "description", "seed", "draws", "checks", "expect", "claim", "finding", "matrix"}


def draws_of(words: PlanWords) -> str:
    """The word `draws` of a plan, or 16 hex digits of what it says; equal for every way of writing the same words."""
    if words.draws is not None:
        return words.draws
    said = words.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_NOTES)
    if "faults" in said:  # in which order they stand says nothing
        named = zip(map(fault_name, words.faults), said["faults"], strict=True)
        said["faults"] = [fault for _, fault in sorted(named, key=lambda item: item[0])]
    return hashlib.blake2b(_encoded(said), digest_size=8).hexdigest()


def _encoded(said: object) -> bytes:
    try:
        return msgspec.json.encode(said, order="sorted")
    except UnicodeEncodeError:  # half a character, which YAML can spell and UTF-8 cannot
        return json.dumps(said, sort_keys=True).encode()
