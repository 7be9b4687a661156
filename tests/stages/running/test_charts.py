from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from stages.running.charts import write_charts

PAGE = """<p><svg class="icon"></svg></p>
<figure id="empty"></figure>
<figure id="frontier-chat"><figcaption>x</figcaption>
<svg viewBox="0 0 1 1"><g><path d="M0 0"/></g></svg></figure>
<figure id="../evil"><svg></svg></figure>
<figure id="rate"><svg xmlns="http://www.w3.org/2000/svg"/><svg></svg></figure>"""


def test_each_figure_becomes_a_file_that_opens_alone(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    files = write_charts(tmp_path / "page.html", tmp_path / "charts")
    assert sorted(files) == ["charts/frontier-chat.svg", "charts/rate.svg"]
    root = ET.fromstring(files["charts/frontier-chat.svg"].read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(tmp_path.glob("evil*"))
