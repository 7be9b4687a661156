"""Every renderer: golden files, schemas of those who read them, and names that attack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from acceltrial.errors import ConfigurationError
from acceltrial.placement import formats, safe
from acceltrial.placement.documents import yaml_text
from acceltrial.placement.model import Health, Limits, Placement, Pool, Server

HERE = Path(__file__).parent
HOSTILE = [
    "a\nserver evil 1.2.3.4:80", "a'b", 'a"b', "a{{ .Values.x }}", "{{x}}", "$(touch x)", "${HOME}", "a b",
    "a#b", "a: b", "- a", "!!python/object", "&a", "*a", "%{+Q}o", "a\\nb", "a;b", "a|b", "../up", "a..b",
    "a\x00b", "<b>", "é", "", " ", "\u2028", "a\r\nb", "-flag", "a" * 300, "a" * 10_000, "</script>",
    "a</script><script>x</script>", "a\u202eb", "\ufeffa", "a\u0085b",
    "%", "a%0ab", "a`id`", "<<: *x", "a, b", "[a]", "{a: b}", "@file",
    "a\tb", "\x1b[2J", "a\u200bb", "a\u2019b",
]  # fmt: skip


@pytest.fixture
def placements(specialised: Placement, single: Placement, canary: Placement) -> list[Placement]:
    return [specialised, single, canary]


@pytest.mark.parametrize("wanted", list(formats.FORMATS))
def test_files_are_the_golden_ones(placements: list[Placement], wanted: str) -> None:
    files, _ = formats.render(placements, wanted)
    if os.environ.get("ACCELTRIAL_WRITE_GOLDEN"):
        shutil.rmtree(HERE / "golden" / wanted, ignore_errors=True)
        formats.write(files, HERE / "golden")
    golden = {p.relative_to(HERE / "golden").as_posix() for p in (HERE / "golden" / wanted).rglob("*.*")}
    assert {file.path for file in files} == golden
    for file in files:
        assert file.text == (HERE / "golden" / file.path).read_text(encoding="utf-8")


@pytest.mark.parametrize("wanted", ["litellm", "kserve", "httproute", "sagemaker", "skypilot"])
def test_files_keep_the_readers_schema(placements: list[Placement], wanted: str) -> None:
    schema = json.loads((HERE / "schemas" / f"{wanted}.json").read_text(encoding="utf-8"))
    files, _ = formats.render(placements, wanted)
    for file in files:
        for document in yaml.safe_load_all(file.text):
            jsonschema.Draft202012Validator(schema).validate(document)


def test_sagemaker_requests_pass_the_clients_own_validation(placements: list[Placement]) -> None:
    session = pytest.importorskip("botocore.session")
    validate = pytest.importorskip("botocore.validate")
    model = session.get_session().get_service_model("sagemaker").operation_model("CreateEndpointConfig")
    files, _ = formats.render(placements, "sagemaker")
    assert files
    for file in files:
        report = validate.ParamValidator().validate(json.loads(file.text), model.input_shape)
        assert not report.has_errors(), report.generate_report()
        kinds = model.input_shape.members["ProductionVariants"].member.members["InstanceType"].enum
        assert all(v["InstanceType"] in kinds for v in json.loads(file.text)["ProductionVariants"])


@pytest.mark.skipif(
    shutil.which("haproxy") is None, reason="haproxy is not installed (apt-get install haproxy)"
)
def test_haproxy_itself_accepts_the_configuration(placements: list[Placement], tmp_path: Path) -> None:
    files, _ = formats.render(placements, "haproxy")
    formats.write(files, tmp_path)
    config = tmp_path / "haproxy" / "haproxy.cfg"
    done = subprocess.run(["haproxy", "-c", "-f", str(config)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    # An invented name cannot be looked up here; HAProxy starts all the same and asks again later.
    assert all("could not resolve address 'gpu-a.pools.example'" in line for line in warnings), done.stderr


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_refused_everywhere(specialised: Placement, text: str) -> None:
    pool = specialised.primary
    attempts = [
        lambda: Server(text, "10.0.0.1", 80),
        lambda: Server("a", text, 80),
        lambda: replace(pool, option=text),
        lambda: replace(pool, served_model=text),
        lambda: replace(pool, accelerator=text),
        lambda: replace(pool, region=text),
        lambda: replace(pool, provider=text),
        lambda: replace(pool, instance_type=text),
        lambda: replace(pool, api_key_env=text),
        lambda: replace(specialised, workload=text),
        lambda: replace(specialised, api=text),
        lambda: Health(path=f"/{text}" if text.strip() else text),
        lambda: formats.haproxy.render([specialised], socket=f"/run/{text}" if text.strip() else text),
    ]
    # A path may hold a part that starts with a dash: it stands behind a slash and is no option.
    for attempt in attempts[:-2] if text == "-flag" else attempts:
        with pytest.raises(ConfigurationError):
            attempt()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_no_text_at_all_changes_the_shape_of_a_file(text: str) -> None:
    try:
        pool = Pool(option="a", servers=(Server("s", "10.0.0.1", 80),), served_model=text)
        placement = Placement(workload=text, primary=pool)
    except ConfigurationError:
        return
    plain = Placement(workload="x", primary=replace(pool, served_model="x"))
    for wanted in formats.FORMATS:
        hostile, harmless = formats.render([placement], wanted)[0], formats.render([plain], wanted)[0]
        assert [len(f.text.splitlines()) for f in hostile] == [len(f.text.splitlines()) for f in harmless]
        for file in hostile:
            if file.path.endswith(".yaml"):
                assert "{{" not in file.text
                list(yaml.safe_load_all(file.text))


@settings(deadline=None, max_examples=80)
@given(
    workload=st.from_regex(safe.NAME, fullmatch=True),
    model=st.from_regex(safe.MODEL, fullmatch=True),
    option=st.from_regex(safe.NAME, fullmatch=True),
)
def test_names_that_are_let_in_come_back_as_themselves(workload: str, model: str, option: str) -> None:
    try:
        pool = Pool(
            option=option, servers=(Server("s", "10.0.0.1", 80),), served_model=model, accelerator="l4",
            provider="aws", instance_type="g6.xlarge",
        )  # fmt: skip
        placement = Placement(workload=workload, primary=pool)
    except ConfigurationError:
        return
    files = {file.path.split("/")[0]: file.text for file in formats.render([placement], "all")[0]}
    entry = yaml.safe_load(files["litellm"])["model_list"][0]
    assert (entry["model_name"], entry["litellm_params"]["model"]) == (workload, f"openai/{model}")
    assert entry["model_info"]["id"] == f"{workload}.{option}.s"
    (service,) = yaml.safe_load_all(files["kserve"])
    given_model = service["spec"]["predictor"]["model"]
    assert given_model["args"] == [f"--model_name={workload}", f"--model_id={model}"]
    route = yaml.safe_load(files["httproute"])["spec"]["rules"][0]
    assert route["matches"][0]["headers"][0]["value"] == workload
    request = json.loads(files["sagemaker"])
    assert request["Tags"][0]["Value"] == workload
    assert yaml.safe_load(files["skypilot"])["envs"] == {"MODEL": model}


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")
def test_haproxy_accepts_every_name_that_is_let_in(specialised: Placement, tmp_path: Path) -> None:
    names = [
        "a+b",
        "a@b",
        "1",
        "no",
        "global",
        "listen",
        "defaults",
        "a.b-c_d",
        "A" * 128,
        "x-",
        "0x1F",
        "if",
    ]
    placements = [
        replace(specialised, workload=name, listen_port=9000 + index,
                primary=replace(specialised.primary, option=f"p-{name[:100]}"))
        for index, name in enumerate(names)
    ]  # fmt: skip
    formats.write(formats.render(placements, "haproxy")[0], tmp_path)
    config = tmp_path / "haproxy" / "haproxy.cfg"
    done = subprocess.run(["haproxy", "-c", "-f", str(config)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert config.read_text().count("\nfrontend ") == len(names)


def test_services_of_long_names_keep_apart(specialised: Placement) -> None:
    long = [
        replace(specialised, workload="w" * 60 + end, listen_port=port) for end, port in (("a", 1), ("b", 2))
    ]
    files, _ = formats.render(long, "kserve")
    names = [document["metadata"]["name"] for file in files for document in yaml.safe_load_all(file.text)]
    assert len(set(names)) == len(names) == 4
    assert all(len(name) <= 49 for name in names)


@pytest.mark.parametrize(
    "word", ["no", "null", "1e3", "0x1F", "1_000", "2026-11-22", "on", "Y", "true", "1.5"]
)
def test_words_that_yaml_takes_for_something_else_stay_text(specialised: Placement, word: str) -> None:
    files, _ = formats.render([replace(specialised, workload=word)], "litellm")
    assert {m["model_name"] for m in yaml.safe_load(files[0].text)["model_list"]} == {
        word,
        f"{word}-fallback",
    }


def test_a_heading_cannot_leave_its_comment() -> None:
    assert yaml.safe_load(yaml_text([{"a": 1}], ["x\nevil: 1\r\nmore: 2\u2028z: 3"])) == {"a": 1}


@settings(deadline=None)
@given(st.lists(st.text(max_size=90), min_size=1, max_size=3))
def test_a_label_is_a_dns_label(parts: list[str]) -> None:
    found = safe.label(*parts)
    assert safe.HOST.fullmatch(found)
    assert len(found) <= 63
    assert "." not in found


def test_labels_of_different_names_differ() -> None:
    names = ["a.b", "a_b", "a-b", "A-b", "a+b", "a" * 80, "a" * 81]
    assert len({safe.label(name) for name in names}) == len(names)


def test_contradictions_are_refused(specialised: Placement) -> None:
    with pytest.raises(ConfigurationError, match="no pool"):
        replace(specialised, fallback=None, share_primary=50)
    with pytest.raises(ConfigurationError, match="same option"):
        replace(specialised, fallback=specialised.primary)
    with pytest.raises(ConfigurationError, match="weight 0"):
        Pool(option="a", servers=(Server("s", "10.0.0.1", 80, weight=0),), served_model="m")
    with pytest.raises(ConfigurationError, match="names of their own"):
        Pool(option="a", servers=(Server("s", "10.0.0.1", 80),) * 2, served_model="m")
    with pytest.raises(ConfigurationError, match="share the name"):
        formats.render([specialised, replace(specialised, listen_port=9)], "haproxy")
    with pytest.raises(ConfigurationError, match="share the port"):
        formats.render([specialised, replace(specialised, workload="other")], "haproxy")
    spill = replace(specialised, workload=f"{specialised.workload}-fallback", listen_port=9)
    with pytest.raises(ConfigurationError, match="share the fallback's name"):
        formats.render([specialised, spill], "litellm")
    with pytest.raises(ConfigurationError, match="unknown format"):
        formats.render([specialised], "envoy")


@pytest.mark.parametrize("port", [0, -1, 65_536, 1.5, "80", True])
def test_figures_out_of_range_are_refused(port: object) -> None:
    with pytest.raises(ConfigurationError):
        Server("a", "10.0.0.1", port)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        Limits(retries=99)


def test_what_a_format_cannot_say_is_told(placements: list[Placement]) -> None:
    _, gaps = formats.render(placements, "all")
    told = {(gap.workload, gap.format) for gap in gaps}
    assert ("semantic-search", "haproxy") in told
    assert ("support-chat", "httproute") in told
    assert ("semantic-search", "sagemaker") in told
    assert all(gap.detail and gap.remedy for gap in gaps)


def test_litellm_weights_add_up_to_the_shares(canary: Placement) -> None:
    files, _ = formats.render([canary], "litellm")
    entries = [m for m in yaml.safe_load(files[0].text)["model_list"] if m["model_name"] == canary.workload]
    weights = {m["litellm_params"]["api_base"]: m["litellm_params"]["weight"] for m in entries}
    assert sum(weights.values()) == pytest.approx(100, abs=0.01)
    assert weights["https://gpu-a.pools.example:8443/v1"] == 10


@pytest.mark.parametrize(("wanted", "written"), [(1, 1), (2, 2), (3, 2), (4, 4)])
def test_litellms_own_default_is_never_written(specialised: Placement, wanted: int, written: int) -> None:
    limits = replace(specialised.limits, allowed_failures=wanted)
    files, _ = formats.render([replace(specialised, limits=limits)], "litellm")
    assert yaml.safe_load(files[0].text)["router_settings"]["allowed_fails"] == written


def test_no_placement_gives_no_file() -> None:
    assert formats.render([], "all") == ([], [])
