"""Pictures of pages, for whoever changes them: the report of a failing run, the store with two runs, a comparison, a
history that is not linearizable; each on a screen and on a telephone, in the light and in the dark.

    .venv/bin/python tests/browser/screenshots.py [FOLDER]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from harness.serve.server import Server
from harness.store.index import Store

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
NOT_LINEARIZABLE = """\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok, :f :write, :value 1}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value 2}
"""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        store, drawn = Path(made) / "store", Path(made) / "register.html"
        harness("run", "quickstart", "--profile", "documented", "--store", str(store))
        harness("run", "quickstart", "--profile", "hardened", "--store", str(store))
        (Path(made) / "register.edn").write_text(NOT_LINEARIZABLE)
        harness("check", str(Path(made) / "register.edn"), "--model", "register", "--report", str(drawn))
        newer, older = [row.id for row in Store(store).rows()][-2:]
        failing = next(file for file in store.glob("quickstart/*/report.html") if "INVALID" in file.read_text()[:2000])
        with served(store) as address:
            take(
                folder,
                {
                    "report": failing.as_uri(),
                    "linearizability": drawn.as_uri(),
                    "store": f"{address}/",
                    "signatures": f"{address}/signatures",
                    "compare": f"{address}/compare?a={older}&b={newer}",
                },
            )


def harness(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "harness", *words], check=False, capture_output=True, timeout=300)


@contextmanager
def served(store: Path) -> Iterator[str]:
    with Server(store, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.url.rstrip("/")
        finally:
            server.shutdown()


def take(folder: Path, pages: dict[str, str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, address in pages.items():
            for width in WIDTHS:
                for scheme in SCHEMES:
                    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    page = context.new_page()
                    page.goto(address, wait_until="networkidle")
                    file = folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=file, full_page=True)
                    print(file)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("screenshots"))
