"""YAML is read as plain data with places; no text makes loading do anything but that or complain."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import plan
from harness.plan.text.errors import PlanErrors, Source, Span
from harness.plan.text.source import MAX_BYTES, mangled_by_yaml_11, read, read_value, resolve

SAMPLE = "a: {b: [x, 'y z', 3]}\nc:\n  - d: 1\n"


def test_every_value_and_key_has_its_place() -> None:
    document = read(Source("p", SAMPLE))
    places = {path: (span.line, span.column, span.width) for path, span in document.values.items()}
    assert document.data == {"a": {"b": ["x", "y z", 3]}, "c": [{"d": 1}]}
    assert places["a", "b", 0] == (0, 8, 1)
    assert places["a", "b", 1] == (0, 11, 5)
    assert places["a", "b", 2] == (0, 18, 1)
    assert places["c", 0, "d"] == (2, 7, 1)
    assert (document.keys["c", 0, "d"].line, document.keys["c", 0, "d"].column) == (2, 4)


def test_a_place_that_does_not_exist_is_the_nearest_around_it() -> None:
    document = read(Source("p", SAMPLE))
    assert document.value(("a", "b", 7, "q")) == document.values["a", "b"]
    assert document.find(("a",), "y z") == document.values["a", "b", 1]
    assert document.find(("c",), "y z") == document.keys["c",]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("0777", 777),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("9" * 19, "9" * 19),
        ("٣", "٣"),
        ("~", None),
        ("true", True),
        ("-12", -12),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("key", ["on", "Yes", "NO", "off", "null", "1", "1:30", "1.5", "2026-01-01", "0x1f", "~", "y"])
def test_a_key_is_refused_when_yaml_1_1_reads_something_else(key: str) -> None:
    loaded = yaml.safe_load(f"{key}: 1")
    assert mangled_by_yaml_11(key) == (loaded != {key: 1})


@given(st.text(string.ascii_letters + string.digits + "-+.:_~", min_size=1, max_size=8))
def test_a_key_that_yaml_1_1_leaves_alone_is_accepted(key: str) -> None:
    try:
        loaded = yaml.safe_load(f"? {key}\n: 1\n")
    except (yaml.YAMLError, ValueError):
        return
    if loaded == {key: 1}:
        assert not mangled_by_yaml_11(key)


def test_a_quoted_word_is_text_even_as_a_key() -> None:
    assert read(Source("p", "'on': '5'")).data == {"on": "5"}


def test_loading_builds_no_objects(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for tag in ("!!python/object/apply:os.mkdir", "!!python/object/new:os.mkdir"):
        with pytest.raises(PlanErrors):
            plan.parse(f"version: 1\ntitle: {tag} ['{mark}']\n")
    assert not mark.exists()


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    bomb = "version: 1\na0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    with pytest.raises(PlanErrors) as caught:
        plan.parse(bomb)
    assert "anchors and aliases are not used in plans" in str(caught.value)


def test_a_huge_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_text("version: 1\ntitle: " + "x" * MAX_BYTES)
    for attempt in (lambda: plan.load(path), lambda: plan.parse(path.read_text())):
        with pytest.raises(PlanErrors, match="larger than 256 KB"):
            attempt()


def test_a_file_that_cannot_be_read_says_which_and_why(tmp_path: Path) -> None:
    with pytest.raises(PlanErrors, match=r"nowhere\.yaml: error: cannot be read: No such file"):
        plan.load(tmp_path / "nowhere.yaml")
    with pytest.raises(PlanErrors, match="Is a directory"):
        plan.load(tmp_path)


def test_a_file_that_is_no_text_says_where(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"version: 1\ntitle: caf\xe9\n")
    with pytest.raises(PlanErrors, match=r"latin\.yaml:2: error: not UTF-8 text \(byte 21 is 0xe9\)"):
        plan.load(path)


def test_a_byte_order_mark_is_not_part_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\r\ntitle: from elsewhere\r\n")
    assert plan.load(path).title == "from elsewhere"


def test_both_halves_of_a_surrogate_pair_are_one_character() -> None:
    text = 'version: 1\ntitle: "\\ud83d\\ude00 and \\U0001F600"\n'
    assert read(Source("p", text)).data["title"] == "😀 and 😀"


@pytest.mark.parametrize("text", [r'version: 1\ntitle: "a\\ud83d"', r'version: 1\n"\\ude00": 1'])
def test_half_of_a_surrogate_pair_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(PlanErrors, match=r"p:2:\d+: error: half of a surrogate pair is no character"):
        read(Source("p", text.replace(r"\n", "\n").replace(r"\\u", r"\u")))


def test_a_value_inside_a_line_keeps_the_places_of_the_line() -> None:
    source = Source("--fault", "x groups=[[a], b]")
    document = read_value(source, 0, 9, "[[a], b]")
    assert document.data == [["a"], "b"]
    assert document.values[0, 0] == Span(source, 0, 11, 1)


YAML_ALPHABET = "abc:-[]{}#&*!|>'\"%@`,?~ \t\n\r0159.é\u2028\u0085\x07\ufeff日👩\u200d\U0001f467"
WORDS = (
    "version: 1",
    "duration:",
    "faults:",
    "action: delay",
    "links: [mobile-1->relay]",
    "- ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "every:",
    "mean: 3s",
    "for: 2s",
    "checks:",
    "expect:",
    "hardened:",
    "verdict: VALID",
    "workload:",
    "script:",
    "at: 1s",
    "do: chunk",
    "node: desktop-1",
    "job: a",
    "timing: fast",
    "settle:",
    "converge: 1e9",
    "chance: .nan",
    "\n",
    "? ",
    "<<: ",
    "&a ",
    "*a",
    "9999999999999999999999s",
)


def loads_or_complains(text: str) -> None:
    try:
        found = plan.parse(text)
    except PlanErrors as exc:
        assert exc.errors
        assert str(exc)
        assert exc.render({"GITHUB_ACTIONS": "true"})
    else:
        plan.expand(found, 1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.one_of(st.characters(), st.sampled_from(YAML_ALPHABET)), max_size=80))
def test_any_text_is_a_plan_or_a_list_of_errors(text: str) -> None:
    loads_or_complains(text)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(["", "version: 1\n"]))
def test_any_words_of_plans_are_a_plan_or_a_list_of_errors(words: list[str], head: str) -> None:
    loads_or_complains(head + "".join(words))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["1s", "10%", "delay", "a", "", "20/s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "links", "at", "for", "check", "x", "do", "mean"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
KEYS = ["title", "seed", "duration", "topology", "timing", "workload", "faults", "settle", "checks", "expect", "x"]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))
def test_any_data_in_the_place_of_a_word_is_a_plan_or_a_list_of_errors(data: dict[str, object]) -> None:
    loads_or_complains(yaml.safe_dump({"version": 1, **data}, allow_unicode=True))
