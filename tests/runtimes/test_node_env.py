"""What every program finds in its environment, wherever it runs, is what the plan says of it."""

from __future__ import annotations

from harness.runtimes.node_env import common, filled, of_client, own
from harness.schedule import Node, System

OWN = {"order.set": "documented"}
PHONE = Node(name="mobile-1", role="mobile", device_id="d1", user_id="u1", desktop="desktop-1", policies=OWN)
SYSTEM = System(
    nodes=[PHONE, Node(name="desktop-1", role="desktop", device_id="d2", user_id="u1", profile="documented")],
    links=[],
    profile="hardened",
    with_=["option.batching"],
    without=["order.drain", "legacy.hint"],
    timing_scale=0.5,
)


def test_a_phone_is_told_its_profile_its_policies_and_its_desktop() -> None:
    assert common(SYSTEM, PHONE, "secret") == {
        "NODE_NAME": "mobile-1",
        "DESKTOP_DEVICE_ID": "d2",
        "PROFILE": "hardened",
        "WITH": "option.batching",
        "WITHOUT": "order.drain,legacy.hint",
        "POLICIES": "order.set=documented",
        "TIMING_SCALE": "0.5",
        "JWT_SECRET": "secret",
    }


def test_a_nodes_own_profile_wins_and_a_desktop_has_no_active_one() -> None:
    told = common(SYSTEM, SYSTEM.nodes[1], "secret")
    assert (told["PROFILE"], told["POLICIES"]) == ("documented", "")
    assert "DESKTOP_DEVICE_ID" not in told


def test_a_client_is_told_who_it_is_and_where_the_relay_is() -> None:
    assert of_client(PHONE, "ws://relay:1/x") == {
        "RELAY_URL": "ws://relay:1/x",
        "DEVICE_ID": "d1",
        "DEVICE_NAME": "mobile-1",
        "USER_ID": "u1",
    }


def test_what_a_node_says_of_its_own_wins_and_may_name_what_it_is_told() -> None:
    node = Node(name="relay", role="relay", env={"PROFILE": "other", "WHO": "${NODE_NAME}, not ${NOBODY}"})
    assert own(node, {"PROFILE": "hardened", "NODE_NAME": "relay"}) == {
        "PROFILE": "other",
        "NODE_NAME": "relay",
        "WHO": "relay, not ${NOBODY}",
    }
    assert filled("${A}${B}", {"A": "1"}) == "1${B}"
