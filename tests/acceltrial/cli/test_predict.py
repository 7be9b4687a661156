from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceltrial.cli.predict import fit, predict
from acceltrial.errors import AcceltrialError

HEADER = "accelerator,count,model,params_b,precision,scenario,input_len,output_len,concurrency,metric,unit"
CASE = "Trainium1,8,Llama-2-7b,,w-bf16,fixed_batch,2048,2048,{},tpot_p50,ms"


def test_predict_writes_the_rows_and_a_summary(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], checkout: Path
) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_text("\n".join([HEADER, CASE.format(1), CASE.format(-1)]) + "\n")
    predict(cases, out=out, catalogue=checkout / "data" / "catalogue", json=True)
    printed = capfd.readouterr()
    assert json.loads(printed.out) | {"rows": 2, "predicted": 1, "refused": 1} == json.loads(printed.out)
    assert "1 of 2 cases predicted" in printed.err
    assert len(out.read_text().splitlines()) == 3


def test_fit_writes_parameters_that_predict_takes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], checkout: Path
) -> None:
    catalogue = checkout / "data" / "catalogue"
    data, params = tmp_path / "data.csv", tmp_path / "params.json"
    rows = [f"{CASE.format(batch)},{5.0 + 0.4 * batch}" for batch in range(1, 13)]
    data.write_text("\n".join([f"{HEADER},value", *rows, f"{CASE.format(1).replace('Trainium1', 'Nix')},3"]))
    fit(data=data, out=params, date="2026-11-22", catalogue=catalogue, json=True)
    report = json.loads(capfd.readouterr().out)
    assert report["rows"] == 12
    assert [entry["row"] for entry in report["left_out"]] == [14]
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_text(f"{HEADER}\n{CASE.format(4)}\n")
    predict(cases, out=out, params=params, catalogue=catalogue)
    value = float(out.read_text().splitlines()[1].split(",")[11])
    assert value == pytest.approx(6.6, rel=0.3)


def test_missing_files_are_told(tmp_path: Path, checkout: Path) -> None:
    with pytest.raises(AcceltrialError, match=r"absent\.csv"):
        predict(tmp_path / "absent.csv", out=tmp_path / "o.csv", catalogue=checkout / "data" / "catalogue")
    with pytest.raises(AcceltrialError, match="catalogue folder"):
        predict(tmp_path / "absent.csv", out=tmp_path / "o.csv", catalogue=tmp_path / "none")
