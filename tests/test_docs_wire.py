"""Every example on the pages about the wire and the probe is what the reference's codecs read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from harness import registry
from harness.runtimes.probe_client import _frame
from harness.wire.classify import classify
from harness.workload import calls
from targets import protocol
from targets.desktop.component import OPERATIONS as DESKTOP
from targets.mobile.app import OPERATIONS as MOBILE

DOCS = Path(__file__).parent.parent / "docs"
WIRE, PROBE = ((DOCS / name).read_text(encoding="utf-8") for name in ("wire.md", "probe.md"))


def examples(page: str) -> list[str]:
    return [line for block in re.findall(r"```json\n(.*?)```", page, re.S) for line in block.splitlines()]


@pytest.mark.parametrize("line", examples(WIRE))
def test_a_frame_of_the_wire_is_one_that_taps_know(line: str) -> None:
    frame = protocol.decode(line)
    assert classify(line.encode()).type, line
    for row in [frame.get("payload", {}).get("job")] if "job:created" in line else []:
        assert set(protocol.REQUIRED_FIELDS) <= set(row) <= set(protocol.ROW_FIELDS)


def test_every_message_has_an_example() -> None:
    said = {classify(line.encode()).type for line in examples(WIRE)}
    control = {
        protocol.SYNC_HEAD,
        protocol.SYNC_GAP,
        protocol.PRESENCE,
        "register",
        "registered",
        "resumed",
        "heartbeat",
    }
    assert said >= {*protocol.JOB_EVENTS, *control, "error", "rpc:job.get", "rpc-reply"}


@pytest.mark.parametrize("line", examples(PROBE))
def test_a_frame_of_the_probe_is_read_by_one_of_its_ends(line: str) -> None:
    said: dict[str, Any] = msgspec.json.decode(line)
    if "op" in said:
        assert said["op"] in {"create", *DESKTOP, *MOBILE}
    elif said.get("state") is not True and not {"journal_from", "ack"} & set(said):
        frame = _frame.decode(line)
        assert frame.hello or frame.journal or frame.state is not None or frame.type in ("ok", "fail", "info")


def test_the_pages_name_every_number_code_and_operation() -> None:
    for code in (*protocol.ERROR_CODES, *protocol.DEFINITE_CODES, *protocol.INDEFINITE_CODES, *protocol.RPC_METHODS):
        assert code in WIRE
    for status in protocol.STATUSES:
        assert status in WIRE
    for number in (protocol.CLOSE_TOKEN_EXPIRED, protocol.CLOSE_REPLACED, f"{protocol.FRAME_CAP_BYTES:,}"):
        assert str(number) in WIRE
    for op in ("create", *DESKTOP, *MOBILE):
        assert f"`{op}`" in PROBE


def test_the_levels_of_the_page_are_the_checkers() -> None:
    rows = dict(re.findall(r"^\| L(\d) \|[^|]*\| ([^|]*) \|$", PROBE, re.M))
    for name in registry.names("checker"):
        needs = int(registry.find("checker", name).NEEDS)
        assert name in rows[str(needs)].split(", "), (name, needs)


def test_the_operations_of_a_desktop_have_every_word_that_a_plan_can_send() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PROBE, re.M))
    ours = {"at", "node", "do", "user", "job", "repeat", "stream"}  # the workload plays these
    for call in calls.Call.__subclasses__():
        do = call.model_fields["do"].annotation if "do" in call.model_fields else None
        for op in get_args(do):
            if op not in DESKTOP or op in ("retry", "delete"):
                continue
            for word in set(call.model_fields) - ours:
                name = calls.WIRE.get(word, word)
                assert name in rows[op] or "token fields" in rows[op], (op, name)
