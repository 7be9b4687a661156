"""The report in a real browser: no console message, no request, no sideways scrolling on a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stages.report.conftest import Rendered

BROWSER = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium"),
]
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip


def browse(folder: Path, page: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Opens `page` from disk with a profile of its own."""
    assert BROWSER
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", *arguments, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.parametrize("report", ["rendered", "rendered_hostile", "rendered_empty"])
def test_it_opens_without_a_message_or_a_request(
    report: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rendered: Rendered = request.getfixturevalue(report)
    page = tmp_path / "report.html"
    page.write_text(rendered.html)
    log = tmp_path / "net.json"
    done = browse(
        tmp_path, page, "--enable-logging=stderr", "--v=0", f"--log-net-log={log}",
        "--virtual-time-budget=3000", "--dump-dom",
    )  # fmt: skip
    assert "</main>" in done.stdout
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    asked = set(re.findall(r'"url":"([a-z]+:[^"]*)"', log.read_text(errors="replace")))
    assert {url for url in asked if url.startswith(("http", "ws")) and "google" not in url} == set()


def test_a_phone_shows_it_without_sideways_scrolling(rendered: Rendered, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(rendered.html)
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<iframe id="f" src="report.html" style="width:390px;height:800px"></iframe><p id="o"></p>'
        "<script>f.onload=()=>{const d=f.contentDocument.documentElement;"
        'o.textContent="width "+d.scrollWidth}</script>'
    )
    done = browse(
        tmp_path, frame, "--allow-file-access-from-files", "--virtual-time-budget=3000", "--dump-dom"
    )
    found = re.search(r"width (\d+)", done.stdout)
    assert found
    assert int(found[1]) <= 390
