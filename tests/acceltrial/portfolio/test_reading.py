from __future__ import annotations

import random
from pathlib import Path

import pytest

from acceltrial.errors import AcceltrialError, ConfigurationError
from acceltrial.portfolio import read_portfolio
from tests.acceltrial.portfolio.conftest import FILES, Builder


def refused(folder: Path, *, at: str, says: str, remedy: str = "") -> ConfigurationError:
    with pytest.raises(ConfigurationError, match=says) as caught:
        read_portfolio(folder, shown_as="p")
    assert caught.value.where == at
    assert remedy in caught.value.remedy
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return caught.value


def test_a_good_portfolio_is_read(build: Builder) -> None:
    portfolio = read_portfolio(build())
    workload = portfolio.workloads[0]
    assert workload.latency.first_token == 800
    assert workload.latency.end_to_end == 20_000
    assert workload.business.value == 2.4
    assert workload.residency == "eu,us"
    assert workload.phase == "inference"
    assert portfolio.targets[0].price is not None
    assert portfolio.targets[0].price.amount == 0.1
    assert portfolio.trace_path(portfolio.trace("chat")).is_file()


def test_the_sample_company_is_read(checkout: Path) -> None:
    portfolio = read_portfolio(checkout / "data" / "portfolio")
    assert len(portfolio.workloads) >= 10
    assert {w.kind for w in portfolio.workloads} >= {
        "chatbot", "copilot", "batch", "agent", "embedding", "reranker", "multimodal", "scoring", "training",
        "sensor", "sandbox",
    }  # fmt: skip


def test_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path / "absent", at="p", says="folder is missing", remedy="acceltrial init")


@pytest.mark.parametrize("name", FILES)
def test_missing_file(build: Builder, name: str) -> None:
    folder = build()
    (folder / f"{name}.yaml").unlink()
    refused(folder, at=f"p/{name}.yaml", says="missing")


@pytest.mark.parametrize("name", FILES)
def test_empty_file(build: Builder, name: str) -> None:
    folder = build()
    (folder / f"{name}.yaml").write_text("# nothing yet\n")
    refused(folder, at=f"p/{name}.yaml", says="empty")


# (file, old, new, place, what the message says, what the remedy says)
BAD = {
    "unknown key": (
        "workloads",
        "    owner:",
        "    ownr:",
        "workloads.yaml:4:5",
        "unknown key 'ownr'",
        "`owner`",
    ),
    "unknown key far from any": (
        "models",
        "heads: 4",
        "zzz: 4",
        "models.yaml:5:5",
        "unknown key 'zzz'",
        "known keys",
    ),
    "unknown key deep": (
        "workloads",
        "first_token:",
        "first_tokens:",
        "workloads.yaml:12:31",
        "unknown key 'first_tokens'",
        "`first_token`",
    ),
    "unknown key in launch": (
        "targets",
        "    price:",
        "    launch: {paralel: 4}\n    price:",
        "targets.yaml:12:14",
        "unknown key 'paralel'",
        "`parallel`",
    ),
    "unknown key at the top": (
        "models",
        "models:",
        "model:",
        "models.yaml:1:1",
        "unknown key 'model'",
        "`models`",
    ),
    "wrong unit": ("workloads", "800 ms", "800 W", "workloads.yaml:12:44", "unit of power", "correct"),
    "unknown unit": (
        "workloads",
        "800 ms",
        "800 msec",
        "workloads.yaml:12:44",
        "did you mean 'ms'",
        "correct",
    ),
    "no unit": ("workloads", "800 ms", "800", "workloads.yaml:12:44", "has no unit", "correct"),
    "price without time": (
        "targets",
        "0.1 USD/h",
        "0.1 USD",
        "targets.yaml:12:21",
        "unit of money",
        "correct",
    ),
    "negative": (
        "workloads",
        "actions_per_month: 1000",
        "actions_per_month: -5",
        "workloads.yaml:9:26",
        "greater than 0",
        "correct",
    ),
    "zero": (
        "workloads",
        "actions_per_month: 1000",
        "actions_per_month: 0",
        "workloads.yaml:9:26",
        "greater than 0",
        "correct",
    ),
    "nan": (
        "workloads",
        "actions_per_month: 1000",
        "actions_per_month: .nan",
        "workloads.yaml:9:26",
        "no figure",
        "finite",
    ),
    "infinite": (
        "workloads",
        "actions_per_month: 1000",
        "actions_per_month: .inf",
        "workloads.yaml:9:26",
        "no figure",
        "finite",
    ),
    "huge": (
        "workloads",
        "actions_per_month: 1000",
        "actions_per_month: 1e300",
        "workloads.yaml:9:26",
        "less than or equal",
        "correct",
    ),
    "negative quantity": (
        "workloads",
        "800 ms",
        "-800 ms",
        "workloads.yaml:12:44",
        "greater than 0",
        "correct",
    ),
    "zero quantity": ("targets", "0.1 USD/h", "0 USD/h", "targets.yaml:12:21", "greater than 0", "correct"),
    "endless quantity": ("workloads", "800 ms", "1e400 ms", "workloads.yaml:12:44", "too large", "correct"),
    "text for a number": (
        "models",
        "heads: 4",
        "heads: four",
        "models.yaml:5:12",
        "valid integer",
        "correct",
    ),
    "fraction for a count": ("models", "heads: 4", "heads: 4.5", "models.yaml:5:12", "integer", "correct"),
    "truth for a number": ("models", "heads: 4", "heads: true", "models.yaml:5:12", "integer", "correct"),
    "html name": (
        "workloads",
        "id: chat",
        "id: <script>alert(1)</script>",
        "workloads.yaml:2:9",
        "a name starts",
        "",
    ),
    "path name": ("workloads", "id: chat", "id: ../../etc/passwd", "workloads.yaml:2:9", "a name starts", ""),
    "dots in a name": ("workloads", "id: chat", "id: a..b", "workloads.yaml:2:9", "a name starts", ""),
    "html title": (
        "workloads",
        "Support chat",
        "<img src=x onerror=alert(1)>",
        "workloads.yaml:3:12",
        "markup",
        "",
    ),
    "unknown kind": (
        "workloads",
        "kind: chatbot",
        "kind: chatbott",
        "workloads.yaml:5:11",
        "'chatbott'",
        "chatbot",
    ),
    "unknown target kind": (
        "targets",
        "kind: llamacpp",
        "kind: lamacpp",
        "targets.yaml:4:11",
        "'lamacpp'",
        "llamacpp",
    ),
    "no target kind": (
        "targets",
        "    kind: llamacpp\n",
        "",
        "targets.yaml:2:5",
        "`kind` is missing",
        "llamacpp",
    ),
    "missing key": (
        "workloads",
        "    sensitivity: confidential\n",
        "",
        "workloads.yaml:2:5",
        "`sensitivity` is missing",
        "add",
    ),
    "missing model": (
        "workloads",
        "model: small",
        "model: smal",
        "workloads.yaml:15:12",
        "names the model 'smal'",
        "did you mean 'small'",
    ),
    "missing trace": (
        "workloads",
        "trace: chat",
        "trace: chatt",
        "workloads.yaml:16:12",
        "names the trace 'chatt'",
        "did you mean 'chat'",
    ),
    "target's missing model": (
        "targets",
        "model: small",
        "model: large",
        "targets.yaml:6:12",
        "names the model 'large'",
        "add 'large'",
    ),
    "missing trace file": ("traces", "chat.csv", "absent.csv", "traces.yaml:3:11", "is missing", "dvc pull"),
    "trace outside": (
        "traces",
        "traces/chat.csv",
        "../../secret.csv",
        "traces.yaml:3:11",
        "outside",
        "below",
    ),
    "absolute trace": ("traces", "traces/chat.csv", "/etc/passwd", "traces.yaml:3:11", "outside", "below"),
    "windows path": ("traces", "traces/chat.csv", "C:/x.csv", "traces.yaml:3:11", "outside", "below"),
    "trace with two origins": (
        "traces",
        "    file:",
        "    generate: {}\n    file:",
        "traces.yaml:2:5",
        "exactly one",
        "",
    ),
    "tab": ("workloads", "    title:", "\ttitle:", "workloads.yaml:3:1", "tab", "spaces"),
    "residency": ("workloads", "[eu, us]", "[Europe]", "workloads.yaml:14:16", "region group", ""),
    "no residency": ("workloads", "[eu, us]", "[]", "workloads.yaml:14:16", "list of region groups", ""),
    "training without steps": (
        "workloads",
        "kind: chatbot",
        "kind: training",
        "workloads.yaml:2:5",
        "needs the section",
        "",
    ),
    "parts above the whole": (
        "models",
        "kv_heads: 1",
        "kv_heads: 8",
        "models.yaml:2:5",
        "larger than heads",
        "",
    ),
    "odd heads": ("models", "kv_heads: 1", "kv_heads: 3", "models.yaml:2:5", "no multiple", ""),
    "list for a section": (
        "workloads",
        "latency: {percentile: 95, first_token: 800 ms, end_to_end: 20 s}",
        "latency: [1]",
        "workloads.yaml:12:14",
        "a list of 1",
        "",
    ),
    "bad date": ("models", '"2025-08"', '"August"', "models.yaml:10:12", "August", ""),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_its_place_and_remedy(build: Builder, case: str) -> None:
    file, old, new, place, says, remedy = BAD[case]
    refused(build(**{file: (old, new)}), at=f"p/{place}", says=says, remedy=remedy)


def test_duplicate_ids_name_both_places(build: Builder) -> None:
    folder = build()
    path = folder / "models.yaml"
    body = path.read_text()
    path.write_text(body + body.removeprefix("models:\n").replace("id: small", "id: SMALL"))
    refused(folder, at="p/models.yaml:12:9", says="given twice in models .first at p/models.yaml:2:9")


def test_a_link_out_of_the_folder_is_refused(build: Builder, tmp_path: Path) -> None:
    folder = build()
    (tmp_path / "secret.csv").write_text("x")
    (folder / "traces" / "chat.csv").unlink()
    (folder / "traces" / "chat.csv").symlink_to(tmp_path / "secret.csv")
    refused(folder, at="p/traces.yaml:3:11", says="outside")


def test_all_breaches_are_in_the_details(build: Builder) -> None:
    folder = build(workloads=("800 ms", "800 W"))
    path = folder / "workloads.yaml"
    path.write_text(path.read_text().replace("owner:", "ownr:").replace("value: 2.40 USD", "value: 2.40 EUR"))
    error = refused(folder, at="p/workloads.yaml:4:5", says="and 3 more")
    assert [b["where"] for b in error.details["breaches"]] == [
        "p/workloads.yaml:4:5",
        "p/workloads.yaml:8:14",
        "p/workloads.yaml:12:44",
        "p/workloads.yaml:2:5",
    ]


KEY = "sk-" + "aB3dE6gH9jK2mN5pQ8sT1vW4"
OPENAI = """kind: openai
    launch:
      url: https://host/v1
      served_model: m
      api_key_env: {key}"""


def test_a_literal_key_is_refused_and_never_repeated(build: Builder) -> None:
    folder = build(targets=("kind: llamacpp", OPENAI.format(key=KEY)))
    error = refused(folder, at="p/targets.yaml:8:20", says="looks like a key", remedy="environment variable")
    assert KEY not in str(error) + repr(error.details)


def test_a_key_of_unknown_form_is_refused_and_never_repeated(build: Builder) -> None:
    folder = build(targets=("kind: llamacpp", OPENAI.format(key="hunter2-secret")))
    error = refused(folder, at="p/targets.yaml:8:20", says="NAME of the environment variable")
    assert "hunter2" not in str(error) + repr(error.details)


def test_a_password_in_a_url_is_refused_and_never_repeated(build: Builder) -> None:
    text = OPENAI.format(key="MY_KEY").replace("https://host", "https://me:hunter2@host")
    error = refused(build(targets=("kind: llamacpp", text)), at="p/targets.yaml:6:12", says="key or password")
    assert "hunter2" not in str(error) + repr(error.details)


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:8000", "https://host/v1?x=1", "javascript:alert(1)", "http://h h"]
)
def test_bad_urls_are_refused(build: Builder, url: str) -> None:
    text = OPENAI.format(key="MY_KEY").replace("https://host/v1", f"'{url}'")
    refused(
        build(targets=("kind: llamacpp", text)), at="p/targets.yaml:6:12", says="URL|markup|key or password"
    )


def test_a_good_openai_target_is_read(build: Builder) -> None:
    portfolio = read_portfolio(build(targets=("kind: llamacpp", OPENAI.format(key="MY_KEY"))))
    assert portfolio.targets[0].kind == "openai"


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_gives_one_clear_error_or_none(build: Builder, seed: int) -> None:
    draw = random.Random(seed)
    folder = build()
    path = folder / f"{draw.choice(list(FILES))}.yaml"
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 6)):
        position = draw.randrange(len(data))
        change = draw.choice(["drop", "flip", "insert"])
        if change == "drop":
            del data[position : position + draw.randint(1, 12)]
        elif change == "flip":
            data[position] = draw.randrange(256)
        else:
            data[position:position] = draw.choice(
                [b"\t", b"{", b"- ", b": ", b"\xff", b"*a", b".nan", b"\n\n", b"'"]
            )
    path.write_bytes(bytes(data))
    error = complaint(folder)
    assert error is None or (error.where and error.remedy)


def complaint(folder: Path) -> AcceltrialError | None:
    try:
        read_portfolio(folder)
    except AcceltrialError as error:
        return error
    return None
