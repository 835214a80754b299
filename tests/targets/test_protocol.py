from __future__ import annotations

import asyncio
import random
import time

import jwt
import msgspec
import pytest

from targets import profiles
from targets.link import backoff_s
from targets.policy import UnknownPolicy, slots
from targets.protocol import BadFrame, decode, device_id, encode, new_id, project_hash, summary
from targets.timing import Timing
from targets.tokens import BadToken, TokenSource, bearer, sign, verify

SECRET = "a secret of at least thirty-two bytes"


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"x"', b"\xff{}", "{'a': 1}", "[" * 100_000])
def test_what_is_no_json_object_is_a_bad_frame(text):
    with pytest.raises(BadFrame):
        decode(text)


def test_a_frame_survives_its_encoding_with_any_text():
    frame = {"type": "x", "text": "é—👩‍👩‍👧 \r\n\x00", "n": 2**53, "f": 0.1, "none": None}
    assert decode(encode(frame)) == frame


def test_a_summary_replaces_the_response_by_its_length_in_bytes_and_its_digest():
    assert summary({"id": "j", "response": "é"}) == {
        "id": "j",
        "bytes": 2,
        "digest": summary({"response": "é"})["digest"],
    }
    assert summary({"response": "é"})["digest"] != summary({"response": "e\u0301"})["digest"]


def test_device_ids_are_compared_without_regard_to_case():
    assert device_id(" ABCD-12 ") == device_id("abcd-12")


def test_ids_come_from_the_random_module():
    random.seed(7)
    first = new_id()
    random.seed(7)
    assert new_id() == first != new_id()


# Tokens ------------------------------------------------------------------------------------------------------------


def claims(**changed):
    return {"sub": "u", "exp": int(time.time()) + 60, **changed}


def forge(payload, secret=SECRET, algorithm="HS256"):
    return jwt.PyJWS(algorithms=["HS256", "HS384", "none"]).encode(msgspec.json.encode(payload), secret, algorithm)


def test_a_signed_token_says_whose_it_is_and_until_when():
    token = sign("u", SECRET, 60)
    assert verify(token, SECRET).user == "u"
    assert time.time() < verify(token, SECRET).exp_s <= time.time() + 60


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x.y.z",
        forge(claims(), secret="another secret of at least thirty-two"),
        forge(claims(exp=int(time.time()) - 1)),
        forge(claims(exp="soon")),
        forge(claims(sub="")),
        forge(claims(sub=7)),
        forge({"sub": "u"}),
        forge({"exp": 2**40}),
        forge([1]),
        forge(claims(), secret=None, algorithm="none"),
        forge(claims(), algorithm="HS384", secret="x" * 48),
    ],
    ids=lambda token: token[:20] or "empty",
)
def test_a_token_that_is_forged_expired_or_malformed_opens_nothing(token):
    with pytest.raises(BadToken):
        verify(token, SECRET)


def test_another_algorithm_with_the_right_secret_opens_nothing():
    with pytest.raises(BadToken):
        verify(forge(claims(), algorithm="HS384", secret=SECRET + "x" * 20), SECRET + "x" * 20)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "abc", "Bearer   "])
def test_a_header_without_a_bearer_token_is_refused(header):
    with pytest.raises(BadToken):
        bearer(header)


def test_a_command_is_asked_for_a_token_again_only_after_a_refusal(tmp_path):
    counter = tmp_path / "n"
    env = {"TOKEN_COMMAND": f"sh -c 'echo x >> {counter}; wc -l < {counter}'"}

    async def ask():
        source = TokenSource(env)
        tokens = [await source.get(), await source.get()]
        source.refuse()
        return [*tokens, await source.get()]

    assert asyncio.run(ask()) == ["1", "1", "2"]


# Profiles ----------------------------------------------------------------------------------------------------------


def test_every_slot_says_whose_it_is_and_what_breaks_without_it():
    profiles.load()
    assert len(slots()) > 30
    for name, slot in slots().items():
        assert slot.role in ("desktop", "relay", "mobile", "link"), name
        assert "." in name, name
        assert not slot.is_safeguard or "ithout" in slot.doc or "breaks" in slot.doc, name


def test_a_swap_changes_one_slot_and_nothing_else():
    base, swapped = profiles.load("hardened"), profiles.load("hardened", without=["list-cache.project-key"])
    different = {name for name in base.chosen if base.chosen[name] != swapped.chosen[name]}
    assert different == {"list-cache.project-key"}
    assert profiles.load("documented", with_=["list-cache.project-key"]).chosen["list-cache.project-key"] == "hardened"


def test_with_chooses_a_variant_an_option_needs_no_word_and_without_comes_last():
    assert profiles.load(with_=["mailbox-full.gap=unbounded"]).chosen["mailbox-full.gap"] == "unbounded"
    assert profiles.load(with_=["transport.offline-queue"]).chosen["transport.offline-queue"] == "kept"
    both = profiles.load(policies={"mailbox-full.gap": "unbounded"}, without=["mailbox-full.gap"])
    assert both.chosen["mailbox-full.gap"] == "documented"
    with pytest.raises(UnknownPolicy):
        profiles.load(with_=["mailbox-full.gap=x"])


def test_the_environment_names_profile_swaps_and_variants():
    env = {
        "PROFILE": "documented",
        "WITH": "rpc.disconnected, lost-events.heads",
        "POLICIES": "mailbox-full.gap=unbounded",
    }
    chosen = profiles.from_env(env).chosen
    assert chosen["rpc.disconnected"] == chosen["lost-events.heads"] == "hardened"
    assert chosen["mailbox-full.gap"] == "unbounded"
    assert chosen["rpc.refused-memory"] == "documented"
    assert profiles.from_env({}).profile == "hardened"


@pytest.mark.parametrize(
    "env", [{"PROFILE": "x"}, {"WITH": "x"}, {"WITHOUT": "x.y"}, {"POLICIES": "mailbox-full.gap=x"}, {"POLICIES": "x"}]
)
def test_a_profile_slot_or_choice_that_does_not_exist_is_refused(env):
    with pytest.raises(UnknownPolicy):
        profiles.from_env(env)


def test_the_back_off_doubles_from_half_a_second_to_thirty_with_fifteen_percent_jitter():
    timing = Timing()
    for failures, nominal_s in enumerate([0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]):
        drawn = [backoff_s(failures, timing) for _ in range(200)]
        assert all(0.85 * nominal_s <= d <= 1.15 * nominal_s for d in drawn), failures
        assert nominal_s == 0 or len(set(drawn)) > 1
    assert backoff_s(10_000, timing) <= 34.5


def test_a_project_hash_is_the_sha256_of_the_directorys_text():
    assert project_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
