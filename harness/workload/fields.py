"""Values from the whole domain that the protocol declares, where a usual client keeps to a few of them.

What a plan asks for with `fields: all`: every optional field is there or not, every union has each of its kinds, counts
are 0 and large, texts are empty, long, and in many scripts.
"""

from __future__ import annotations

from random import Random
from typing import Any

TASKS = (
    "text_improvement",
    "implementation_plan",
    "implementation_plan_merge",
    "path_finder",
    "extended_path_finder",
    "path_correction",
    "file_finder_workflow",
    "file_relevance_assessment",
    "regex_file_filter",
    "root_folder_selection",
    "task_refinement",
    "web_search",
    "web_search_workflow",
    "voice_transcription",
    "generic_llm_stream",
    "a task that is new",
)
_TEXTS = (
    "",
    "short",
    "Ответ готов",
    "e\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "line\r\nline",
    "long " * 300,
)
_DETAILS: tuple[Any, ...] = (
    {"code": "rate_limited", "message": "try later"},
    {},
    {"code": "timeout", "retry_after": 2.5, "chain": [{"why": None}, {"why": "no answer"}]},
    {"message": ""},
    "the model is overloaded",
    "",
    "Превышен лимит",
)
_METADATA: tuple[Any, ...] = ("text", "", 0, 3.25, True, False, [], ["a", 1, None], {"deep": {"snake_case": 1}}, {})
_KEYS = ("user_note", "userNote", "title", "created_by", "retry_count", "стиль", "a.b")
_COUNTS = (0, 1, 17, 4096, 2**31, 2**53 - 1)
_TOKENS = ("tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens")


def create(random: Random) -> dict[str, Any]:
    """Task, prompt and metadata of a new job."""
    with_metadata = random.random() < 0.6
    return {
        "taskType": random.choice(TASKS),
        "prompt": random.choice(_TEXTS),
        **({"metadata": _patch(random, nulls=False)} if with_metadata else {}),
    }


def status(random: Random) -> dict[str, Any]:
    return {"subStatusMessage": random.choice(_TEXTS)} if random.random() < 0.5 else {}


def progress(random: Random) -> dict[str, Any]:
    return {"progress": random.choice((0, 100, 0.5, 33.3, random.randint(0, 100)))}


def tokens(random: Random) -> dict[str, Any]:
    """At least one of the four counts."""
    said = [name for name in _TOKENS if random.random() < 0.5] or [random.choice(_TOKENS)]
    return {name: random.choice(_COUNTS) for name in said}


def cost(random: Random) -> dict[str, Any]:
    final = {"isFinalized": random.random() < 0.5} if random.random() < 0.3 else {}
    return {"actualCost": random.choice((0, 0.001, 0.1, 12.5, 1000)), **final}


def metadata(random: Random) -> dict[str, Any]:
    return {"patch": _patch(random, nulls=True)}


def error(random: Random) -> dict[str, Any]:
    message = {"errorMessage": random.choice(_TEXTS)} if random.random() < 0.5 else {}
    return {"errorDetails": random.choice(_DETAILS), **message}


def _patch(random: Random, *, nulls: bool) -> dict[str, Any]:
    values = (*_METADATA, None, None) if nulls else _METADATA
    return {key: random.choice(values) for key in random.sample(_KEYS, random.randint(0, 3))}
