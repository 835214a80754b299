"""How smoothly the timeline of a page moves: a run of 50,000 operations, panned and zoomed in headless Chromium.

    python tests/bench/timeline_fps.py [--operations N] [--seconds S] [--keep PAGE.html]

The run is one of the simulator, told over and over. While the page moves its picture, as a hand would, frames are
counted by requestAnimationFrame; what one call of its own drawing took stands beside them, and the CPU time of all of
Chromium, which is what other work on the machine changes least. Headless Chromium renders in software.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright

from harness.history import History, Op, Tap
from harness.report import page
from harness.store.rundir import StoredRun, read_run

ASKED_FPS = 30.0
PLAN = "quickstart"
_OPERATION = 1.31  # ops of the history to one operation of the timeline, about

MOVE = """
([ms, still]) => new Promise((done) => {
  const canvas = document.querySelector(".whole canvas"), root = document.querySelector(".whole");
  const box = canvas.getBoundingClientRect(), frames = [], draws = [];
  const began = performance.now();
  let last = began, step = 0;
  const wheel = (dy, dx) => canvas.dispatchEvent(new WheelEvent("wheel", {deltaY: dy, deltaX: dx, ctrlKey: dx === 0,
    clientX: box.left + box.width * (0.3 + 0.4 * ((step / 97) % 1)), clientY: box.top + 60, cancelable: true}));
  const tick = () => {
    const now = performance.now();
    frames.push(now - last);
    draws.push(Number(root.dataset.drawMs));
    last = now;
    step += 1;
    if (now - began > ms) return done({frames: frames.slice(1), draws: draws.slice(1)});
    if (still) wheel(step % 2 ? 1 : -1, 0);
    else if (step % 120 < 40) wheel(-25, 0);
    else if (step % 120 < 80) wheel(0, step % 240 < 120 ? 30 : -30);
    else wheel(25, 0);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})
"""


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"  {what:<44} {figure:>14}\n")
    sys.stdout.flush()


def long_run(operations: int, folder: Path) -> StoredRun:
    """A run of the simulator, its history repeated until it has so many operations."""
    words = ["run", PLAN, "--profile", "documented", "--store", str(folder)]
    subprocess.run([sys.executable, "-m", "harness", *words], check=False, capture_output=True)
    run = read_run((folder / "latest").resolve())
    assert run.history is not None
    times = max(1, round(operations * _OPERATION / len(run.history.ops)))
    return msgspec.structs.replace(run, history=repeated(run.history, times))


def repeated(history: History, times: int) -> History:
    first, last = history.ops[0], history.ops[-1]
    lasts_ns, many = last.time_ns - first.time_ns + 1, max(op.index for op in history.ops) + 1
    ops = [op for n in range(times) for op in _ops(history.ops, n, n * lasts_ns, n * many)]
    taps = [tap for n in range(times) for tap in _taps(history.taps, n, n * lasts_ns)]
    return msgspec.structs.replace(history, ops=ops, taps=taps)


def _ops(ops: list[Op], n: int, later_ns: int, more: int) -> Iterator[Op]:
    for op in ops:
        job = f"{op.job}-{n}" if op.job and n else op.job
        yield msgspec.structs.replace(op, time_ns=op.time_ns + later_ns, index=op.index + more, job=job)


def _taps(taps: list[Tap], n: int, later_ns: int) -> Iterator[Tap]:
    for tap in taps:
        msg = f"{tap.msg}-{n}" if tap.msg and n else tap.msg
        yield msgspec.structs.replace(tap, time_ns=tap.time_ns + later_ns, msg=msg)


def written(operations: int, folder: Path, keep: Path | None) -> Path:
    run = long_run(operations, folder)
    began_s = time.process_time()
    html = page.render(run)
    say("page rendered", f"{time.process_time() - began_s:.2f} s")
    say("its size", f"{len(html.encode()) / 1e6:.2f} MB")
    path = keep or folder / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


def cpu_s(browser: Browser) -> float:
    """What all processes of the browser have used."""
    session = browser.new_browser_cdp_session()
    told = session.send("SystemInfo.getProcessInfo")
    session.detach()
    return sum(float(process["cpuTime"]) for process in told["processInfo"])


def measure(browser: Browser, open_page: Page, what: str, seconds: float, *, still: bool) -> float:
    before_s = cpu_s(browser)
    found: dict[str, Any] = open_page.evaluate(MOVE, [seconds * 1000, still])
    used_s = cpu_s(browser) - before_s
    frames, draws = sorted(found["frames"]), sorted(found["draws"])
    middle_ms, cpu_ms = statistics.median(frames), 1000 * used_s / len(frames)
    say(f"{what}: frames a second", f"{1000 * len(frames) / sum(frames):.1f}")
    say(f"{what}: by the median frame", f"{1000 / middle_ms:.1f}")
    say(f"{what}: a frame, median and 95th", f"{middle_ms:.1f}, {frames[len(frames) * 95 // 100]:.1f} ms")
    say(
        f"{what}: its drawing, median and 95th",
        f"{statistics.median(draws):.1f}, {draws[len(draws) * 95 // 100]:.1f} ms",
    )
    say(f"{what}: CPU a frame, all of Chromium", f"{cpu_ms:.1f} ms")
    say(f"{what}: as many a second fill one core", f"{1000 / cpu_ms:.1f}")
    return 1000 / middle_ms


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--keep", type=Path, help="where to leave the page")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = written(asked.operations, Path(folder), asked.keep)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        open_page = browser.new_page(viewport={"width": 1280, "height": 900})
        began_s = time.monotonic()
        open_page.goto(path.resolve().as_uri())
        open_page.wait_for_selector(".whole canvas")
        say("page opened", f"{time.monotonic() - began_s:.2f} s")
        say("operations", open_page.inner_text(".whole-count").split(" operations")[0])
        open_page.locator(".whole canvas").scroll_into_view_if_needed()
        whole = measure(browser, open_page, "the whole run", asked.seconds / 2, still=True)
        moving = measure(browser, open_page, "zooming and panning", asked.seconds, still=False)
        say(f"median frames above {ASKED_FPS:.0f} a second", "yes" if min(whole, moving) > ASKED_FPS else "NO")
        browser.close()


if __name__ == "__main__":
    main()
