"""Runs a script in a page in headless Chromium; ``needs_chromium`` skips tests where it is not installed."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=30000",
    "--window-size=1280,1000",
)  # fmt: skip
DARK_MODE = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed; apt-get install chromium")

HOOK = """<script>
(async () => {
  const errors = [];
  addEventListener("error", (event) => errors.push(event.message));
  let answer = null;
  try { answer = await (async () => { %s })(); } catch (error) { errors.push(String(error.stack)); }
  const text = document.createElement("pre");
  text.id = "answer";
  text.textContent = JSON.stringify({ answer, errors });
  document.body.replaceChildren(text);
})();
</script></body>"""


def ask(page: str, script: str, *flags: str) -> Any:
    """The value that ``script``, the body of an async function, returns in the page; AssertionError if it throws."""
    dom = _final_dom(page.replace("</body>", HOOK.replace("%s", script)), *flags)
    found = re.search(r'<pre id="answer">(.*?)</pre>', dom, re.DOTALL)
    assert found, f"no answer in {dom[:2000]}"
    result = json.loads(html.unescape(found[1]))
    assert result["errors"] == []
    return result["answer"]


def _final_dom(page: str, *flags: str) -> str:
    """The HTML of the page after its scripts have run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, encoding="utf8")
        command = [str(PROGRAM), *FLAGS, f"--user-data-dir={folder}/profile", *flags, "--dump-dom", path.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
