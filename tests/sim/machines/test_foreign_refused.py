"""What cannot be simulated is refused with the call and its line; nothing is silently real."""

from __future__ import annotations

import datetime
import os
import random
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from foreign_rig import QUIET, RELAY, run_relay

from harness.runtimes import RuntimeUnavailable
from harness.runtimes.sim.machines import scan
from harness.runtimes.sim.world import World

# what the program does (on its line 4) → how it is named
CALLS = {
    "import time; time.sleep(1)": "time.sleep",
    "from time import sleep; sleep(1)": "time.sleep",
    "import threading; threading.Thread(target=print).start()": "threading.Thread.start",
    "import threading; threading.Timer(1, print).start()": "threading.Thread.start",
    "await asyncio.to_thread(print)": "loop.run_in_executor",
    "await asyncio.get_running_loop().run_in_executor(None, print)": "loop.run_in_executor",
    "from concurrent.futures import ThreadPoolExecutor as T; T().submit(print)": "ThreadPoolExecutor.submit",
    "import socket; socket.socket()": "socket.socket",
    "import socket; socket.create_connection(('127.0.0.1', 9))": "socket.getaddrinfo",
    "import socket; socket.socketpair()": "socket.socket",
    "import urllib.request as u; u.urlopen('http://127.0.0.1:9/')": "socket.getaddrinfo",
    "import sqlite3; await asyncio.start_unix_server(print, '/x')": "loop.create_unix_server",
    "import subprocess; subprocess.run(['true'])": "subprocess.Popen",
    "await asyncio.create_subprocess_exec('true')": "loop.subprocess_exec",
    "import os; os.system('true')": ".system",
    "import os; os.fork()": ".fork",
    "import multiprocessing as m; m.Process(target=print).start()": "BaseProcess.start",
    "import signal; signal.signal(signal.SIGTERM, print)": "signal.signal",
    "asyncio.get_running_loop().add_signal_handler(15, print)": "loop.add_signal_handler",
    "asyncio.get_running_loop().add_reader(0, print)": "loop.add_reader",
    "import selectors; selectors.DefaultSelector()": "selectors.",
    "import select; select.select([], [], [], 0)": "select.select",
    "asyncio.run(asyncio.sleep(0))": "asyncio.run",
    "asyncio.new_event_loop()": "asyncio.new_event_loop",
    "import random; random.seed(1)": "random.seed",
    "import random; random.Random().random()": "random.Random()",
    "import time; time.process_time()": "time.process_time",
    "import time; time.clock_gettime(0)": "time.clock_gettime",
    "import uuid; uuid.uuid1()": "uuid.uuid1",
    "import ssl; await asyncio.open_connection('relay', 1, ssl=True)": "create_connection(ssl=…)",
    "import os; os.getrandom(4)": "os.getrandom",
    "import datetime; datetime.datetime.now()": "datetime.datetime.now",
    "from datetime import datetime; datetime.utcnow()": "datetime.datetime.utcnow",
    "import datetime as dt; clock = dt.date.today": "datetime.date.today",
}
PROGRAM = "import asyncio\n\nasync def main(argv, env):\n    {does}\n    await asyncio.sleep(1e6)\n"


@pytest.mark.parametrize("does", CALLS)
def test_a_call_that_cannot_be_simulated_is_named_with_its_line(tmp_path: Path, does: str) -> None:
    with pytest.raises(RuntimeUnavailable) as refused:
        run_relay(tmp_path, PROGRAM.format(does=does))
    said = str(refused.value)
    assert said.startswith("relay cannot be simulated: "), said
    assert CALLS[does] in said
    assert "mine.py:4" in said
    assert "\n" not in said


def test_a_program_that_swallows_the_error_is_refused_all_the_same(tmp_path: Path) -> None:
    does = "import time, contextlib\n    with contextlib.suppress(BaseException):\n        time.sleep(1)"
    with pytest.raises(RuntimeUnavailable, match=r"time\.sleep at .*mine\.py:6: it would stop every node"):
        run_relay(tmp_path, PROGRAM.format(does=does))


def test_a_call_in_the_midst_of_a_run_ends_it(tmp_path: Path) -> None:
    source = """
    import os
    from targets.foreign.small_relay import SmallRelay
    class Mine(SmallRelay):
        def answer(self, peer, frame):
            super().answer(peer, frame)
            os.system("true")
    async def main(argv, env):
        await Mine(env).run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
    """
    with pytest.raises(RuntimeUnavailable, match=r"relay cannot be simulated: \w+\.system at .*mine\.py:7"):
        run_relay(tmp_path, source, text=QUIET)


def test_a_call_at_import_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"socket\.socket at .*mine\.py:2"):
        run_relay(tmp_path, "import socket\nLISTENER = socket.socket()\n" + PROGRAM.format(does="pass"))


def test_an_installed_library_that_makes_the_call_is_named_beside_the_line(tmp_path: Path) -> None:
    does = "from websockets.sync.client import connect; connect('ws://127.0.0.1:9', proxy=None)"
    with pytest.raises(RuntimeUnavailable, match=r"mine\.py:4 \(in websockets\)"):
        run_relay(tmp_path, PROGRAM.format(does=does))


def test_modules_that_the_program_imports_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def f():\n    from datetime import datetime as d\n    return d.now()\n")
    with pytest.raises(RuntimeUnavailable, match=r"helper\.py:3:12: datetime\.datetime\.now reads the real wall clock"):
        run_relay(tmp_path, "import helper\n" + PROGRAM.format(does="pass"))


def test_everything_that_reading_finds_is_said_at_once(tmp_path: Path) -> None:
    source = "from datetime import date, datetime\ndef f():\n    return datetime.now(), date.today()\n"
    with pytest.raises(RuntimeUnavailable) as refused:
        run_relay(tmp_path, source)
    places = [line.split("mine.py:")[1].split(": ")[0] for line in str(refused.value).splitlines()]
    assert places == ["3:12", "3:28"]


@pytest.mark.parametrize(
    "innocent",
    [
        "from datetime import datetime, UTC; datetime.fromtimestamp(__import__('time').time(), UTC)",
        "class datetime:\n        now = 1\n    datetime.now",
        "import time; assert time.gmtime().tm_year == 2026 and time.strftime('%Y') == '2026'",
        "import time; assert time.ctime().endswith('2026') and time.localtime(0).tm_year == 1970",
        "import random; random.Random(7).random(); random.SystemRandom().random()",
        "import secrets, uuid; secrets.token_hex(); uuid.uuid4()",
        "if __name__ == '__main__': asyncio.run(main([], {}))",
    ],
)
def test_what_can_be_simulated_is_not_refused(tmp_path: Path, innocent: str) -> None:
    with pytest.raises(RuntimeUnavailable, match="it listens on no port"):
        run_relay(tmp_path, PROGRAM.format(does=innocent))


def test_the_harness_itself_keeps_the_real_calls_during_a_run_and_all_are_back_after_it() -> None:
    world, before = World(1), (time.sleep, threading.Thread.start, random.Random.__init__, socket.socket.__init__)

    async def play() -> None:
        socket.socket().close()
        subprocess.run(["true"], check=True)  # noqa: ASYNC221
        assert random.Random().random() != random.Random().random()

    world.run(play)
    assert before == (time.sleep, threading.Thread.start, random.Random.__init__, socket.socket.__init__)
    assert "__init__" not in __import__("selectors").DefaultSelector.__dict__
    assert datetime.datetime.now(datetime.UTC).year >= 2024
    assert os.getpid()


def test_a_file_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("import datetime\ndatetime.date.today()\n")
    assert len(scan.complaints("mine", str(tmp_path))) == 1
    mine.write_text("import datetime\n")
    assert scan.complaints("mine", str(tmp_path)) == []


def test_reading_finds_files_without_running_them(tmp_path: Path) -> None:
    package = tmp_path / "boom"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('ran')\n")
    (package / "hub.py").write_text("from . import deep\n")
    (package / "deep.py").write_text("from .. import none\nimport json\n")
    found = [source.module for source in scan.sources("boom.hub", str(tmp_path))]
    assert sorted(found) == ["boom", "boom.deep", "boom.hub"]
    assert RELAY
