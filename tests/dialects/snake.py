"""A dialect for the tests: snake case, `kind` and `body`, other error codes."""

from harness.wire.dialects.renaming import Renamed

DIALECT = Renamed(
    "snake",
    "snake case, with kind and body",
    keys={
        "type": "kind",
        "payload": "body",
        "eventType": "event_type",
        "messageType": "message_type",
        "deviceId": "device_id",
        "targetDeviceId": "target_device_id",
        "sourceDeviceId": "source_device_id",
        "clientId": "client_id",
        "correlationId": "correlation_id",
        "isFinal": "is_final",
    },
    types={"relay": "call", "relay_response": "answer"},
    codes={"auth_required": "E_AUTH", "desktop_offline": "E_NOBODY_HOME", "not_found": "E_NO_SUCH_THING"},
)
