"""deploy/grafana: dashboards are what generate.py makes, and keep the rules of Grafana's
dashboard-linter (github.com/grafana/dashboard-linter, docs/rules), which Debian does not have. That
every query gives data is tests/integration/monitoring_test.py's."""
import importlib.util
import json
import pathlib
import re

import pytest
import yaml

GRAFANA = pathlib.Path(__file__).resolve().parents[3] / "deploy/grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
UNITS = {"short", "s", "bytes", "celsius", "percentunit", "cps"}
# A counter only makes sense under one of these.
RATES = r"\b(?:rate|irate|increase)\("


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board):
    return [(panel["title"], target["expr"]) for panel in panels(board) for target in panel["targets"]]


@pytest.fixture(name="board", params=FILES, ids=lambda file: file.stem)
def loaded(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_what_is_generated_is_what_is_here():
    spec = importlib.util.spec_from_file_location("generate", GRAFANA / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.texts() == {file.name: file.read_text(encoding="utf-8") for file in FILES}, \
        "run deploy/grafana/generate.py"


def test_may_be_provisioned_over_and_over(board):
    assert re.fullmatch("printfleet-[a-z]+", board["uid"]) and board["title"] and board["description"]
    assert board["editable"] is False and board["schemaVersion"] >= 36
    assert not {"id", "version", "__inputs", "__requires"} & set(board)
    assert "printfleet" in board["tags"]
    text = json.dumps(board)
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"$datasource", board["uid"]}


def test_variables(board):
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    sources = [each for each in variables.values() if each["type"] == "datasource"]
    assert [(each["name"], each["label"], each["query"]) for each in sources] == [
        ("datasource", "Data source", "prometheus")]
    for name in ("job", "instance"):
        each = variables[name]
        assert each["type"] == "query" and each["label"] == name and each["multi"]
        assert each["allValue"] == ".+" and each["includeAll"]
    for each in variables.values():
        if each["type"] == "query":
            assert each["datasource"]["uid"] == "$datasource"
            assert each["refresh"] == 2, "reloaded when the time range changes"
            assert re.fullmatch(r"label_values\(.+, \w+\)", each["query"])


def test_panels(board):
    titles = [panel["title"] for panel in panels(board)]
    assert len(titles) == len(set(titles)) and len(titles) >= 8
    for panel in panels(board):
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["datasource"]["uid"] == "$datasource"
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
    places = [tuple(panel["gridPos"][key] for key in "xywh") for panel in board["panels"]]
    cells = [(column, line) for x, y, w, h in places for column in range(x, x + w)
             for line in range(y, y + h)]
    assert len(cells) == len(set(cells)), "panels lie over each other"
    assert max(column for column, _ in cells) < 24


def test_queries(board):
    for title, query in queries(board):
        selectors = re.findall(r"([a-zA-Z_:]\w+)\{([^}]*)\}", query)
        assert selectors, (title, query)
        for metric, matchers in selectors:
            assert 'job=~"$job",instance=~"$instance"' in matchers, (title, metric)
            if re.search("_(total|bucket|count|sum)$", metric):
                assert re.search(RATES + re.escape(metric), query), f"{title}: {metric} without a rate"
        for window in re.findall(r"\[([^\]]*)\]", query):
            assert window == "$__rate_interval", (title, window)


def test_provisioning():
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/printfleet.yaml").read_text())
    assert provider["apiVersion"] == 1 and provider["providers"][0]["allowUiUpdates"] is False
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/printfleet.yaml").read_text())
    assert source["apiVersion"] == 1 and source["datasources"][0]["uid"]
