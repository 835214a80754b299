"""A dialect of two tables: every frame of the wire's page there and back, and what it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from snake import DIALECT

from harness.wire.classify import UNREADABLE, Classified, classify
from harness.wire.dialect import classified, referred
from harness.wire.dialects.renaming import Renamed

PAGE = (Path(__file__).parents[2] / "docs" / "wire.md").read_text()
FRAMES = [line for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def spoken(frame: str) -> bytes:
    said = DIALECT.from_reference(frame.encode())
    assert said is not None
    return said


@pytest.mark.parametrize("frame", FRAMES)
def test_every_frame_comes_back_as_it_was_and_is_about_the_same(frame: str) -> None:
    said = spoken(frame)
    assert json.loads(referred(DIALECT, said)) == json.loads(frame)
    assert classified(DIALECT, said) == classify(frame.encode())
    assert not {"type", "payload", "messageType"} & json.loads(said).keys()


def test_a_call_and_its_answer_are_renamed_to_the_core_and_no_further() -> None:
    call = {"method": "job.get", "params": {"deviceId": "mine", "type": "relay"}, "id": "c1"}
    asked = {"type": "relay", "payload": {"targetDeviceId": "d", "messageType": "rpc", "payload": call}}
    assert json.loads(spoken(json.dumps(asked))) == {
        "kind": "call",
        "body": {"target_device_id": "d", "message_type": "rpc", "body": call},
    }
    response = {"correlationId": "c1", "result": None, "error": {"code": "not_found", "message": "m"}, "isFinal": True}
    told = json.loads(spoken(json.dumps({"type": "relay_response", "clientId": "m", "response": response})))
    assert told["kind"] == "answer" and told["client_id"] == "m"
    assert told["response"]["correlation_id"] == "c1"
    assert told["response"]["error"] == {"code": "E_NO_SUCH_THING", "message": "m"}


def test_what_clients_say_to_each_other_is_left_alone() -> None:
    payload = {"jobId": "j", "payload": {"type": "relay"}, "code": "not_found", "error": {"code": "not_found"}}
    said = json.loads(spoken(json.dumps({"type": "event", "eventType": "job:created", "payload": payload})))
    assert said == {"kind": "event", "event_type": "job:created", "body": payload}


@pytest.mark.parametrize("frame", [b"\xff\x00", b"[1]", b"", b"not json", b"[" * 100_000])
def test_what_cannot_be_read_passes_as_it_is(frame: bytes) -> None:
    assert DIALECT.to_reference(frame) is None and DIALECT.from_reference(frame) is None
    assert classified(DIALECT, frame) == UNREADABLE and referred(DIALECT, frame) == frame


def test_two_words_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Renamed("x", "x", keys={"type": "kind", "payload": "kind"})


class _Stumbles:
    NAME, SUMMARY = "stumbles", "raises"

    def classify(self, frame: bytes) -> Classified:
        raise KeyError("kind")

    def to_reference(self, frame: bytes) -> bytes | None:
        raise TypeError

    def from_reference(self, frame: bytes) -> bytes | None:
        return None


def test_a_dialect_that_stumbles_harms_no_link() -> None:
    assert classified(_Stumbles(), b"{}") == UNREADABLE
    assert referred(_Stumbles(), b"{}") == b"{}"
