"""What a message is about is read off its own bytes, and nonsense in one field hides no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.wire.classify import Classified, classify

EVENT = {"messageType": "job:created", "payload": {"jobId": "a", "sync": {"msg": "m-1"}}}


@pytest.mark.parametrize(
    ("frame", "seen"),
    [
        ({**EVENT, "sourceDeviceId": "AB-1"}, Classified("job:created", "a", "m-1", "ab-1")),
        (EVENT, Classified("job:created", "a", "m-1")),
        ({**EVENT, "sourceDeviceId": 7}, Classified("job:created", "a", "m-1")),
        (
            {"messageType": "presence", "payload": {"deviceId": "AB-1"}, "sourceDeviceId": "x"},
            Classified("presence", None, None, "ab-1"),
        ),
        ({"messageType": "presence", "payload": {"deviceId": 7}}, Classified("presence")),
        ({"type": "relay_response", "response": {"correlationId": 3}}, Classified("rpc-reply", None, "3")),
    ],
)
def test_type_job_name_and_source_are_told(frame: dict[str, Any], seen: Classified) -> None:
    assert classify(json.dumps(frame).encode()) == seen


HEAD = {"desktop": "d", "store": "s", "rev": 3}


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        ("sync:head", HEAD, "s/3"),
        ("sync:head", {}, None),
        ("sync:gap", {"lost": 4}, "4"),
        ("presence", {"deviceId": "d", "online": True, "boot": "b", "epoch": 2}, "online/b/2"),
        ("presence", {"deviceId": "d", "online": "yes", "boot": "b", "epoch": 2}, "offline/b/2"),
    ],
)
def test_heads_gaps_and_presence_are_named_by_what_they_say(kind: str, payload: dict[str, Any], name: str) -> None:
    assert classify(json.dumps({"messageType": kind, "payload": payload}).encode()).msg == name
    assert classify(json.dumps({"type": "event", "eventType": kind, "payload": payload}).encode()).msg == name
