"""The plugin in sessions of its own: most in this process, which has loaded the engine already."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from harness import registry
from harness.runs.run import RunResult
from harness.store.index import Store
from harness.testing import asked, playing
from harness.testing.playing import Unplayable, play
from harness.testing.told import Told, story
from harness.verdict import CheckResult, Verdict

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
LOST = FILES["plans/lost.yaml"]  # VALID as `hardened`; as `documented` a text is doubled
NOTHING = "version: 1\nduration: 300ms\nworkload: {script: []}\n"
TOPOLOGY = "users:\n  - {id: bob, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}\n"


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    """A session in this process forgets every module that it was the first to load."""
    importlib.import_module("harness.strategies")
    play(LOST, profile="documented")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a plan and a configuration."""
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\naddopts = ["--strict-markers", "-p", "no:cacheprovider"]\n')
    (pytester.path / "lost.yaml").write_text(LOST, encoding="utf-8")
    return pytester


def marked(suite: pytest.Pytester, *marks: str, body: str = "pass", name: str = "test_it") -> None:
    """One test function with these marks."""
    lines = [*(f"@pytest.mark.plan({mark})" for mark in marks), f"def {name}(harness_run):", f"    {body}"]
    (suite.path / f"{name}.py").write_text("\n".join(["import pytest", *lines, ""]), encoding="utf-8")


def ended(suite: pytest.Pytester, *args: str, **outcomes: int) -> str:
    """What a session says that ends so."""
    result = suite.runpytest_inprocess("-v", *args)
    result.assert_outcomes(**outcomes)
    return str(result.stdout)


# ---- marks ----------------------------------------------------------------------------------------------------------


def test_a_mark_plays_a_plan_with_each_seed(suite: pytest.Pytester) -> None:
    looks = (
        "print('seen', harness_run.seed, harness_run.verdict, harness_run.directory, "
        "len(harness_run.history.ops) > 5, harness_run.result('convergence').judged)"
    )
    marked(suite, '"lost.yaml", seeds=2', body=looks)
    said = ended(suite, "-s", passed=2)
    assert "seen 0 VALID None True True" in said
    assert "seen 1 VALID None True True" in said
    assert "test_it.py::test_it[seed1]" in said


def test_a_failure_tells_the_story_and_its_command_replays_it(suite: pytest.Pytester) -> None:
    marked(suite, '"lost.yaml", profile="documented"', body="print('never executed')")
    result = suite.runpytest_inprocess("-s", "--harness-store", "kept")
    result.assert_outcomes(failed=1)
    said = str(result.stdout)
    result.stdout.fnmatch_lines(
        [
            "INVALID: A chunk was appended twice.",
            "lost · seed 0 · documented · sim · expected: VALID",
            "stream-integrity: double-append",
            "  mobile-1 appended chunk 1 of job late twice*",
            "  1. desktop-1 wrote chunk 1 “П” (2 bytes)",
            "  written  “П⟦⟧”",
            "  shown    “П⟦П⟧”",
            "convergence: wrong-text: in the end*",
            f"report   {suite.path}/kept/lost/*/report.html",
            f"shrink   */harness shrink {suite.path}/kept/lost/*",
            "FAILED test_it.py::test_it[[]seed0] - Failed: INVALID: A chunk *",
        ]
    )
    assert "never executed" not in said
    assert "playing.py" not in said
    report, replay = (re.findall(rf"^{word} +(.*)$", said, re.MULTILINE)[0] for word in ("report", "replay"))
    assert "double-append" in Path(report).read_text(encoding="utf-8")
    done = subprocess.run(shlex.split(replay), cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "the same run, bit for bit" in done.stderr) == (1, True), done.stderr
    assert len(Store(suite.path / "kept").rows()) == 2


def test_a_run_that_shows_nothing_fails_with_its_reason(suite: pytest.Pytester) -> None:
    (suite.path / "nothing.yaml").write_text(NOTHING)
    marked(suite, '"nothing.yaml"')
    said = ended(suite, failed=1)
    assert "UNKNOWN: Not decided: " in said
    assert "evidence: nothing-judged" in said
    assert "shrink" not in said


@pytest.mark.parametrize(
    ("mark", "expects", "outcome"),
    [
        ('profile="documented", expect="INVALID"', "", "passed"),
        ('expect="INVALID"', "", "failed"),
        ('profile="documented"', "expect: {documented: {verdict: INVALID, check: stream-integrity}}", "passed"),
        ('profile="documented"', "expect: {documented: {verdict: INVALID, check: monotonic}}", "failed"),
        ('profile="documented", expect="VALID"', "expect: {documented: {verdict: INVALID}}", "failed"),
    ],
)
def test_the_mark_says_what_is_expected_or_else_the_plan(
    suite: pytest.Pytester, mark: str, expects: str, outcome: str
) -> None:
    (suite.path / "p.yaml").write_text(f"{LOST}{expects}\n", encoding="utf-8")
    marked(suite, f'"p.yaml", {mark}', body="assert not harness_run.directory or harness_run.directory.is_dir()")
    said = ended(suite, **{outcome: 1})
    assert ("report   " in said) == (outcome == "failed")


def test_the_mark_says_on_which_rules(suite: pytest.Pytester) -> None:
    marked(
        suite,
        '"lost.yaml", profile="documented", with_="length.bytes", without=["legacy.hint"], expect="INVALID"',
        body="print('rules', harness_run.schedule.system.with_, harness_run.schedule.system.without)",
    )
    assert "rules ['length.bytes'] ['legacy.hint']" in ended(suite, "-s", passed=1)


def test_a_run_is_judged_also_for_a_test_that_does_not_look_at_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.plan("lost.yaml", profile="documented")
        def test_function(): pass
        class TestClass:
            def test_method(self, tmp_path): pass
            @pytest.mark.parametrize("number", [1, 2])
            def test_parametrized(self, number): pass
        """
    )
    assert ended(suite, failed=4).count("\nINVALID: A chunk was appended twice.\n") == 4


def test_several_marks_are_several_runs_and_a_plan_may_be_its_text(suite: pytest.Pytester) -> None:
    marked(suite, f'"""{LOST}"""', '"lost.yaml", seeds=[7, 9]')
    said = ended(suite, passed=3)
    assert re.findall(r"test_it\[(.*?)\] PASSED", said) == ["lost-seed7", "lost-seed9", "test_it-seed0"]


def test_seeds_come_from_the_mark_then_from_the_command_line_then_from_the_plan(suite: pytest.Pytester) -> None:
    (suite.path / "own.yaml").write_text(f"{LOST}seed: 5\n", encoding="utf-8")
    marked(suite, '"own.yaml"', name="test_own")
    marked(suite, '"own.yaml", seeds="2..3"', name="test_marked")
    assert re.findall(r"(\w+\[.*?\]) PASSED", ended(suite, passed=2)) == ["test_marked[seed2]", "test_own[seed5]"]
    said = ended(suite, "--harness-seeds", "3..5", passed=3)
    assert re.findall(r"(\w+\[.*?\]) PASSED", said) == ["test_marked[seed2]", "test_own[seed3]", "test_own[seed4]"]


def test_a_test_may_use_the_store(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        from harness.testing.playing import play
        def test_store(harness_store):
            assert harness_store.is_dir() and not any(harness_store.iterdir())
            run = play("lost.yaml", profile="documented", expect="INVALID", store=harness_store)
            assert run.as_expected and run.directory.parent == harness_store / "lost"
        """
    )
    ended(suite, passed=1)


# ---- plans of folders -----------------------------------------------------------------------------------------------


@pytest.fixture
def folders(suite: pytest.Pytester) -> pytest.Pytester:
    """A suite that has plans in a folder, and something there that is none."""
    suite.makepyprojecttoml('[tool.pytest.ini_options]\ntestpaths = ["tests"]\nharness_plans = ["tests/../plans"]\n')
    inner = suite.mkdir("tests"), suite.mkdir("plans"), suite.mkdir("plans/more")
    (inner[0] / "test_plain.py").write_text("def test_plain(): pass\n")
    (inner[1] / "lost.yaml").write_text(LOST, encoding="utf-8")
    (inner[1] / "own.yml").write_text(TOPOLOGY)
    (inner[2] / "matrix.yaml").write_text(f"{LOST}matrix: {{duration: [600ms, 700ms]}}\n", encoding="utf-8")
    (inner[2] / "other.yaml").write_text(f"{LOST}expect: {{hardened: {{verdict: INVALID}}}}\n", encoding="utf-8")
    return suite


def test_plans_of_folders_are_tests(folders: pytest.Pytester) -> None:
    said = ended(folders, "--harness-seeds", "2", passed=7, failed=2)
    assert re.findall(r"^(\S+) (?:PASSED|FAILED)", said, re.MULTILINE) == [
        "tests/test_plain.py::test_plain",
        *(f"plans/lost.yaml::seed{seed}" for seed in (0, 1)),
        *(f"plans/more/matrix.yaml::matrix[duration={ms}ms]-seed{seed}" for ms in (600, 700) for seed in (0, 1)),
        *(f"plans/more/other.yaml::seed{seed}" for seed in (0, 1)),
    ]
    assert "other · seed 1 · hardened · sim · expected: INVALID" in said


def test_who_names_files_means_no_others(folders: pytest.Pytester) -> None:
    ended(folders, "tests", passed=1)
    assert "plans/lost.yaml::seed0" in ended(folders, "plans/lost.yaml", passed=1)
    (folders.path / "plans" / "lost.yaml").rename(folders.path / "tests" / "lost.yaml")
    ended(folders, "tests", passed=1)


@pytest.mark.parametrize(
    ("place", "line"), [("plan", "there is no file or folder {}/plan"), ("t.py", "{}/t.py is no YAML file")]
)
def test_a_place_without_plans_is_an_error(suite: pytest.Pytester, place: str, line: str) -> None:
    (suite.path / "t.py").write_text("")
    suite.makepyprojecttoml(f'[tool.pytest.ini_options]\nharness_plans = ["{place}"]\n')
    result = suite.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: harness_plans: {line.format(suite.path)}"])


def test_what_a_plan_cannot_show_is_a_warning(suite: pytest.Pytester) -> None:
    unseen = LOST.replace("    - {at: 100ms, node: mobile-1, do: open}\n", "")
    (suite.path / "unseen.yaml").write_text(unseen, encoding="utf-8")
    suite.makepyprojecttoml('[tool.pytest.ini_options]\nharness_plans = ["unseen.yaml"]\n')
    marked(suite, '"unseen.yaml"')
    said = str(suite.runpytest_inprocess("--collect-only").stdout)
    assert said.count("unseen.yaml:6:5: warning: no mobile opens a screen: nothing that is shown can be judged") == 2
    assert "PytestWarning" in said


def test_workers_collect_the_same_and_share_a_store(folders: pytest.Pytester) -> None:
    (folders.path / "tests" / "test_marked.py").write_text(
        "import pytest\n@pytest.mark.plan('lost.yaml', seeds=3, profile='documented')\ndef test_marked(): pass\n"
    )
    said = ended(folders, "-n", "2", "--harness-store", "kept", passed=4, failed=4)
    assert "different tests were collected" not in said.lower()
    rows = Store(folders.path / "kept").rows()
    assert sorted(row.verdict for row in rows) == ["INVALID"] * 3 + ["VALID"] * 4
    kept = [row.directory for row in rows if row.verdict == "INVALID" or row.plan == "other"]
    assert all((folders.path / "kept" / str(place) / "report.html").is_file() for place in kept)
    assert all(f"/kept/{place}/report.html" in said for place in kept)


# ---- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        ('"bad.yaml"', "bad.yaml:3:14: error: unknown action 'partitio'"),
        ('"not.yaml"', "not.yaml:2:9: error: not YAML: *"),
        ('"gone.yaml"', "gone.yaml: error: cannot be read: No such file or directory"),
        ('"quickstrat"', "quickstrat: error: no plan is called 'quickstrat' (did you mean quickstart[?])"),
        ('"version: 1\\nfauls: 1\\n"', "test_it.py::test_it:2:1: error: unknown key 'fauls'"),
        ('"lost.yaml", profil="x"', "@pytest.mark.plan: it got an unexpected keyword argument 'profil'; it is plan(*"),
        ('"lost.yaml", seeds=0', "@pytest.mark.plan: seeds=0: '0' is no seed at all"),
        ('"lost.yaml", expect="BAD"', "@pytest.mark.plan: expect='BAD': expected one of VALID, INVALID, UNKNOWN"),
    ],
)
def test_a_mistake_is_told_where_it_is_without_a_traceback(suite: pytest.Pytester, mark: str, line: str) -> None:
    (suite.path / "bad.yaml").write_text("version: 1\nfaults:\n  - {action: partitio, links: [mobile-1<->relay]}\n")
    (suite.path / "not.yaml").write_text("version: 1\ntitle: a: b\n")
    marked(suite, mark)
    result = suite.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([line, "(the mark of test_it.py::test_it)"])
    assert "Traceback" not in str(result.stdout)
    assert "harness/testing" not in str(result.stdout)


def test_a_mistake_in_a_plan_of_a_folder_is_one_of_its_file(folders: pytest.Pytester) -> None:
    (folders.path / "plans" / "bad.yaml").write_text("version: 1\nduration: 5\n")
    result = folders.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting plans/bad.yaml*", "plans/bad.yaml:2:11: error: *", "*duration: 5"])
    assert "harness/testing" not in str(result.stdout)


@pytest.mark.parametrize(
    ("args", "mark", "line"),
    [
        (("--harness-runtime", "simm"), "", "unknown runtime 'simm'; did you mean sim[?]"),
        (("--harness-runtime", "docker"), "", "the runtime docker cannot start here:\n  no engine: start one"),
        (("--harness-store", "lost.yaml"), "", "lost.yaml: cannot be written: *"),
        ((), ', profile="hard"', "unknown profile 'hard'; did you mean hardened[?]"),
        ((), ', without="length.byte"', "unknown policy 'length.byte'; did you mean length.bytes or *[?]"),
    ],
)
def test_what_cannot_be_played_is_an_error_of_the_test(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], mark: str, line: str
) -> None:
    docker = registry.find("runtime", "docker")
    monkeypatch.setattr(type(docker), "missing", lambda self: ["no engine: start one"])
    marked(suite, f'"lost.yaml"{mark}')
    result = suite.runpytest_inprocess(*args)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{one}" for one in line.splitlines()])
    assert "exception" not in str(result.stdout)


def test_seeds_that_are_none_are_bad_usage(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("--harness-seeds", "5..5")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*error: argument --harness-seeds: '5..5' is no seed at all"])


def test_a_mark_that_would_do_nothing_is_an_error(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import unittest, pytest
        class TestOld(unittest.TestCase):
            @pytest.mark.plan("lost.yaml")
            def test_it(self): pass
        def test_no_mark(harness_run): pass
        """
    )
    said = ended(suite, errors=2)
    assert "@pytest.mark.plan works on functions, and on methods of plain classes" in said
    assert "harness_run is the run of a plan; say of which one" in said


# ---- what is nobody's business --------------------------------------------------------------------------------------


def test_a_session_that_asks_for_no_run_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        '[tool.pytest.ini_options]\naddopts = ["--strict-markers"]\nfilterwarnings = ["error"]\n'
    )
    (pytester.path / "lost.yaml").write_text("no plan: [\n")
    pytester.makepyfile(
        """
        import sys
        def test_nothing_was_loaded(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("jobsync_harness")
            heavy = {"pydantic", "msgspec", "yaml", "click", "websockets", "harness.plan", "harness.runs"}
            assert not heavy & set(sys.modules)
            assert {name for name in sys.modules if name.split(".")[0] == "harness"} == {
                "harness", "harness.seeds", "harness.testing", "harness.testing.plugin", "harness.testing.asked",
                "harness.testing.collected", "harness.testing.session",
            }
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)


def test_the_mark_and_the_options_are_told(suite: pytest.Pytester) -> None:
    assert "@pytest.mark.plan(name, *, profile=None" in str(suite.runpytest_inprocess("--markers").stdout)
    suite.runpytest_inprocess("--help").stdout.fnmatch_lines(
        ["*--harness-seeds=N|A..B*", "*--harness-runtime=NAME*", "*--harness-store=DIR*", "*harness_plans*"]
    )


def test_ctrl_c_in_a_run_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run answers it with a verdict, which is not what somebody asked for who stops a session."""
    stopped = RunResult(verdict=Verdict.UNKNOWN, results=[], history=None, interrupted=True)
    monkeypatch.setattr(playing, "execute", lambda schedule, runtime: stopped)
    with pytest.raises(KeyboardInterrupt):
        play(LOST)


def test_what_a_system_says_obeys_no_terminal() -> None:
    run = play(LOST)
    found = CheckResult(check="rpc", verdict=Verdict.INVALID, reason="refused", message="\x1b[31mred\x07 \u202etxet")
    outcome = RunResult(verdict=Verdict.INVALID, results=[found], history=None)
    said = story(outcome, run.schedule, Told("sim", LOST, None, None, None))
    assert "\\x1b[31mred\\x07 \\u202etxet" in said
    assert "\x1b" not in said and "\u202e" not in said


# ---- without a mark -------------------------------------------------------------------------------------------------


def test_a_run_that_is_not_kept_tells_its_plan_and_how_to_play_it(tmp_path: Path) -> None:
    said = play(LOST, profile="documented", seed=3).story
    assert LOST.rstrip() in said
    command = re.findall(r"^play +(.*?) +\(FILE", said, re.MULTILINE)[0]
    (tmp_path / "FILE.yaml").write_text(LOST, encoding="utf-8")
    line = [word.replace("FILE", "FILE.yaml") for word in shlex.split(command)]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "FILE · seed 3 · documented" in done.stdout) == (1, True), done.stderr


def test_a_mistake_is_an_exception_that_says_so() -> None:
    with pytest.raises(Unplayable, match=r"the plan:2:1: error: unknown key 'fauls'"):
        play("version: 1\nfauls: []\n")
    with pytest.raises(KeyError, match=r"no such checker; there are: .*convergence"):
        play(LOST).result("convergance")


@pytest.mark.parametrize(("said", "seeds"), [(3, [0, 1, 2]), ("2..4", [2, 3]), ([5, 9], [5, 9]), (range(1, 3), [1, 2])])
def test_seeds_may_be_said_in_four_ways(said: object, seeds: list[int]) -> None:
    assert list(asked.seeds_of(said)) == seeds


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_on_pytest_says_what_happens(pytester: pytest.Pytester) -> None:
    for name, text in FILES.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(text, encoding="utf-8")
    said = ended(pytester, "--hypothesis-seed", "0", passed=5, failed=1)
    assert set(FILES) == {"pyproject.toml", "plans/lost.yaml", "tests/test_sync.py", "tests/test_any_plan.py"}
    shown = re.search(r"^    _+ test_a_lost.*?\n(.*?)^    report", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    for line in filter(None, (line.strip() for line in shown[1].splitlines())):
        assert line in said, line
    (least,) = re.findall(r"```yaml\n(version.*?)```", PAGE, re.DOTALL)
    assert play(least, profile="documented").verdict == "INVALID"
