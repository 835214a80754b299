"""Whatever a program does to end itself ends its node, or the run with a sentence; never the harness."""

from __future__ import annotations

import builtins
import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_rig import QUIET, RELAY, run_relay, schedule

from harness.runs.run import RunResult
from harness.runtimes import RuntimeUnavailable
from harness.verdict import CheckResult, Verdict

PROGRAM = "import asyncio\n\nasync def main(argv, env):\n    {does}\n    await asyncio.sleep(1e6)\n"
# a relay that works, until its line `later` is called three seconds after its start
WORKING = """
import asyncio, contextlib, os, sys
from targets.foreign.small_relay import SmallRelay

KEPT = []

class Stop(SystemExit):
    pass

async def task():
    {does}

def later():
    {does}

async def main(argv, env):
    loop = asyncio.get_running_loop()
    loop.call_later(3, {how})
    await SmallRelay(env).run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
"""
LONG = QUIET.replace("2s", "5s")

# what would end the harness → how it is named
FENCED = {
    "import os; os._exit(0)": "os._exit",
    "from os import _exit; _exit(0)": "os._exit",
    "import posix; posix._exit(0)": "posix._exit",
    "import os; os.abort()": "os.abort",
    "import os; os.kill(os.getpid(), 9)": "os.kill",
    "import os; os.killpg(0, 15)": "os.killpg",
    "import signal; signal.raise_signal(2)": "signal.raise_signal",
    "import _signal; _signal.raise_signal(2)": "_signal.raise_signal",
    "import signal, threading; signal.pthread_kill(threading.get_ident(), 15)": "signal.pthread_kill",
    "import _thread; _thread.interrupt_main()": "_thread.interrupt_main",
    "import _thread; _thread.start_new_thread(print, ())": "_thread.start_new_thread",
    "import os; os.execv('/bin/true', ['true'])": "os.execv",
    "import os; os.execl('/bin/true', 'true')": "os.execv",
    "import os; os.execvp('true', ['true'])": "os.execv",
    "import os; os.execve('/bin/true', ['true'], {})": "os.execve",
    "import os; os.posix_spawn('/bin/true', ['true'], {})": "os.posix_spawn",
    "import os; os.forkpty()": "os.forkpty",
    "import faulthandler; faulthandler._sigsegv()": "faulthandler._sigsegv",
    "import faulthandler; faulthandler._read_null()": "faulthandler._read_null",
    "import faulthandler; faulthandler.dump_traceback_later(1, exit=True)": "faulthandler.dump_traceback_later",
    "import resource; resource.setrlimit(resource.RLIMIT_CPU, (0, 0))": "resource.setrlimit",
    "asyncio.get_running_loop().stop()": "loop.stop",
    "asyncio.get_running_loop().close()": "loop.close",
}


@pytest.mark.parametrize("does", FENCED)
def test_what_would_end_the_harness_is_named_with_its_line(tmp_path: Path, does: str) -> None:
    with pytest.raises(RuntimeUnavailable) as refused:
        run_relay(tmp_path, PROGRAM.format(does=does))
    said = str(refused.value)
    assert said.startswith("relay cannot be simulated: ") and FENCED[does] in said and "mine.py:4" in said, said


@pytest.mark.parametrize(
    "does", ["import os; os._exit(0)", "import os; os.abort()", "import signal; signal.raise_signal(9)"]
)
def test_also_where_it_is_imported(tmp_path: Path, does: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"relay cannot be simulated: .*mine\.py:1"):
        run_relay(tmp_path, f"{does}\n{PROGRAM.format(does='pass')}")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import sys; sys.exit('no configuration')", r'it ended itself with "no configuration" \(.*mine\.py:4\)'),
        ("raise SystemExit", r"it ended itself with code 0 \(.*mine\.py:4\)"),
        ("import sys; sys.exit(3)", r"it ended itself with code 3 \(.*mine\.py:4\)"),
        ("exit(4)", r"it ended itself with code 4 \(.*mine\.py:4\)"),
        ("quit()", r"it ended itself with code 0 \(.*mine\.py:4\)"),
        ("raise KeyboardInterrupt", r"relay crashed: KeyboardInterrupt \(.*mine\.py:4\)"),
        ("raise KeyboardInterrupt('x')", r"relay crashed: KeyboardInterrupt \(.*mine\.py:4\)"),
        ("raise GeneratorExit", r"relay crashed(.|\n)*GeneratorExit"),
        ("class E(BaseException): pass\n    raise E", r"relay crashed(.|\n)*mine\.py(.|\n)*E"),
    ],
)
def test_a_program_that_ends_itself_at_once_does_not_start(tmp_path: Path, does: str, said: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=rf"^relay does not start: {said}"):
        run_relay(tmp_path, PROGRAM.format(does=does))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import sys; sys.exit('no configuration')", r'it ended itself with "no configuration" \(.*mine\.py:1\)'),
        ("exit()", r"it ended itself with code 0 \(.*mine\.py:1\)"),
        ("raise KeyboardInterrupt", r"mine cannot be imported: KeyboardInterrupt \(.*mine\.py:1\)"),
        ("class E(BaseException): pass\nraise E('x')", r"mine cannot be imported: E: x \(.*mine\.py:2\)"),
    ],
)
def test_nor_one_that_does_so_where_it_is_imported(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=rf"^relay does not start: {said}"):
        run_relay(tmp_path, f"{line}\n{PROGRAM.format(does='pass')}")


HOW = {
    "in a callback": "later",
    "in a task": "lambda: KEPT.append(loop.create_task(task()))",
    "where nobody kept the task": "lambda: loop.create_task(task()) and None",
}
ENDS = {
    "raise SystemExit(7)": 7,
    "raise Stop('enough')": 1,
    "sys.exit(263)": 7,
    "raise KeyboardInterrupt": 130,
    "exit(9)": 9,
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("does", ENDS)
def test_in_the_midst_of_a_run_it_ends_its_node_and_is_a_finding_of_its_own(
    tmp_path: Path, does: str, how: str
) -> None:
    result = run_relay(tmp_path, WORKING.format(does=does, how=HOW[how]), text=LONG)
    found = finding(result, "liveness")
    assert (found.verdict, found.reason) == (Verdict.INVALID, "exited")
    assert f"relay exited by itself with code {ENDS[does]} at 3." in found.message
    assert [s for s in result.signatures if s != ("liveness", "exited")] == []
    assert any(f"code {ENDS[does]}" in r.message for r in result.results if r.check == "runtime")


@pytest.mark.parametrize("how", ["later", "lambda: loop.create_task(task()) and None"])
def test_what_nobody_catches_is_a_finding_though_the_program_goes_on(tmp_path: Path, how: str) -> None:
    result = run_relay(tmp_path, WORKING.format(does="KEPT[3]", how=how), text=LONG)
    found = finding(result, "liveness")
    assert (found.verdict, found.reason) == (Verdict.INVALID, "crashed")
    assert found.message.startswith("relay broke down at 3.") and "IndexError: list index out of range" in found.message
    assert "mine.py:" in found.message


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("loop.call_later(3, asyncio.current_task().cancel)", 0),
        ("loop.call_later(3, lambda: asyncio.current_task())", None),
    ],
)
def test_a_main_that_returns_has_exited_with_nothing(tmp_path: Path, source: str, code: int | None) -> None:
    result = run_relay(
        tmp_path, WORKING.format(does="pass", how="print").replace("loop.call_later(3, print)", source), text=LONG
    )
    exited = [op for op in result.history.ops if op.f == "exited"] if result.history is not None else []
    assert [op.value["code"] for op in exited] == ([] if code is None else [code])
    assert (finding(result, "liveness").reason == "exited") is bool(exited)


def test_what_a_program_asks_for_at_its_exit_is_not_done_at_the_harness_s(tmp_path: Path) -> None:
    source = PROGRAM.format(does="import atexit, os; atexit.register(os._exit, 0)")
    (tmp_path / "p.yaml").write_text(QUIET)
    schedule(tmp_path, RELAY)
    (tmp_path / "mine.py").write_text(source)
    ended = subprocess.run(
        [sys.executable, "-m", "harness", "run", "p.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode not in (0, -6), ended.stdout
    assert "listens on no port" in ended.stderr


def test_exit_leaves_standard_input_open(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable):
        run_relay(tmp_path, PROGRAM.format(does="exit()"))
    assert not sys.stdin.closed


def test_ctrl_c_in_the_midst_of_a_node_s_code_still_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal that really comes, while code of the node runs: the real call is handed in around the fences."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a command that ran in this process may have taken it
    monkeypatch.setattr(builtins, "PRESS", functools.partial(os.kill, os.getpid(), signal.SIGINT), raising=False)
    source = "import builtins\n" + WORKING.format(does="builtins.PRESS()", how="later")
    result = run_relay(tmp_path, source, text=LONG)
    assert result.interrupted and result.verdict is Verdict.UNKNOWN
    assert result.results[0].message.startswith("stopped by Ctrl-C")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def finding(result: RunResult, check: str) -> CheckResult:
    return next(r for r in result.results if r.check == check)
