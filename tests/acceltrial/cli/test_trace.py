from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from acceltrial.cli import run


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    rows = "".join(
        f"2026-01-01 00:00:{i // 10:02d}.{i % 10}00,{100 + i},{i % 7},c{i % 5}\n" for i in range(300)
    )
    path.write_text("when,prompt,answer,who\n" + rows)
    return path


COLUMNS = "arrival=when,input_tokens=prompt,output_tokens=answer,client=who,time_unit=iso"


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(capsys.readouterr().out)
    return found


def test_stats_as_json_and_as_a_table(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "stats", str(trace), "--columns", COLUMNS, "--json"]) == 0
    found = _json(capsys)
    assert found["rows"] == 300
    assert found["rate_rps"] == pytest.approx(10.0)
    assert found["clients"] == 5
    assert run(["trace", "stats", str(trace), "--columns", COLUMNS]) == 0
    assert "gap_cv" in capsys.readouterr().out


def test_convert_sample_and_compare(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, part = tmp_path / "whole.parquet", tmp_path / "part.jsonl"
    assert run(["trace", "convert", str(trace), "--columns", COLUMNS, "--out", str(whole), "--json"]) == 0
    assert _json(capsys)["rows"] == 300
    command = [
        "trace",
        "sample",
        str(whole),
        "--out",
        str(part),
        "--share",
        "0.5",
        "--unit",
        "client",
        "--seed",
        "2",
    ]
    assert run([*command, "--json"]) == 0
    found = _json(capsys)
    assert found["rows"] in {60, 120, 180, 240, 300}
    assert str(found["adjustment"]).startswith("thinned 1:")
    assert run(["trace", "compare", str(whole), str(part), "--json"]) == 0
    figures = {row["figure"]: row for row in _json(capsys)["figures"]}  # type: ignore[attr-defined]
    assert figures["rate_rps"]["ratio"] == pytest.approx(found["rows"] / 300, rel=0.05)  # type: ignore[operator]


def test_generate_by_preset_by_spec_and_like_a_trace(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new.parquet"
    preset = ["--preset", "azure_conversation", "--rate", "2", "--duration", "300"]
    assert run(["trace", "generate", *preset, "--out", str(out), "--json"]) == 0
    found = _json(capsys)
    assert "Azure" in str(found["source"])
    assert found["as_of"] == "2023-11-16"
    spec = tmp_path / "spec.yaml"
    spec.write_text("rate_rps: 3\nduration_s: 200\ninput_tokens: {quantiles: {0.5: 100, 0.95: 300}}\n")
    assert run(["trace", "generate", "--spec", str(spec), "--out", str(out), "--json"]) == 0
    assert _json(capsys)["rows"] == pytest.approx(600, rel=0.3)
    whole = tmp_path / "whole.parquet"
    run(["trace", "convert", str(trace), "--columns", COLUMNS, "--out", str(whole), "--json"])
    capsys.readouterr()
    assert (
        run(["trace", "generate", "--like", str(whole), "--duration", "60", "--out", str(out), "--json"]) == 0
    )
    assert _json(capsys)["against_the_imitated"]


def test_a_mapping_in_compare_and_generate(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new.parquet"
    like = ["--like", str(trace), "--columns", COLUMNS, "--duration", "60"]
    assert run(["trace", "generate", *like, "--out", str(out), "--json"]) == 0
    assert _json(capsys)["against_the_imitated"]
    assert run(["trace", "compare", str(trace), str(out), "--columns", COLUMNS, "--json"]) == 0
    figures = {row["figure"]: row for row in _json(capsys)["figures"]}  # type: ignore[attr-defined]
    assert figures["rate_rps"]["reference"] == pytest.approx(10.0)
    other = tmp_path / "other.csv"
    other.write_text("t,n\n" + "".join(f"{i},5\n" for i in range(40)))
    mapped = ["--columns", COLUMNS, "--other-columns", "arrival=t,input_tokens=n"]
    assert run(["trace", "compare", str(trace), str(other), *mapped, "--spread", "never", "--json"]) == 0
    assert run(["trace", "compare", str(trace), str(trace), "--columns", COLUMNS]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["stats", "absent.csv"], 1),
        (["stats", "{trace}"], 3),
        (["stats", "{trace}", "--columns", "when"], 2),
        (["stats", "{trace}", "--columns", "arrival=wen"], 3),
        (["stats", "{trace}", "--format", "xml"], 2),
        (["generate", "--out", "{tmp}/x.parquet"], 2),
        (["generate", "--preset", "nope", "--out", "{tmp}/x.parquet"], 2),
        (["generate", "--preset", "poisson", "--columns", COLUMNS, "--out", "{tmp}/x.parquet"], 2),
        (["compare", "{trace}", "{trace}", "--columns", "arrival=wen"], 3),
        (["generate", "--preset", "poisson", "--rate", "-1", "--out", "{tmp}/x.parquet"], 2),
        (["generate", "--preset", "poisson", "--duration", "60", "--out", "{tmp}/x.doc"], 2),
        (["sample", "{trace}", "--share", "7", "--out", "{tmp}/x.csv", "--columns", COLUMNS], 2),
        (["sample", "{trace}", "--share", "1e-9", "--out", "{tmp}/x.csv", "--columns", COLUMNS], 3),
    ],
)
def test_bad_input_ends_with_its_code_and_leaves_nothing(
    arguments: list[str], code: int, trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", *(a.format(trace=trace, tmp=tmp_path) for a in arguments)]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err
    assert not list(tmp_path.glob("x.*"))


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "presets", "--json"]) == 0
    assert "azure_code" in _json(capsys)
