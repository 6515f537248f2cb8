"""deploy/prometheus: promtool takes it, every alert has been seen to fire, and leads to its runbook."""
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy/prometheus"
MANUAL = ROOT / "deploy/manual/monitoring.md"


def alerts():
    groups = yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(*words):
    done = subprocess.run(["promtool", *words], cwd=RULES, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_configuration_and_rules():
    promtool("check", "config", "prometheus.yml")  # its rule_files, too


def test_alerts_fire_when_they_should():
    promtool("test", "rules", "alerts_test.yml")


def test_every_alert_is_tested():
    text = (RULES / "alerts_test.yml").read_text()
    expected = set(re.findall(r'labels: \'\{alertname="(\w+)"', text))
    assert {rule["alert"] for rule in alerts()} == expected


def test_every_alert_says_how_bad_it_is_and_what_to_do():
    anchors = {re.sub(r"[^a-z0-9-]", "", line.lstrip("# ").lower().replace(" ", "-"))
               for line in MANUAL.read_text().splitlines() if line.startswith("#")}
    for rule in alerts():
        assert re.fullmatch("Printfleet([A-Z][a-z]+)+", rule["alert"])
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), rule["alert"]
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook_url"}, rule["alert"]
        page, anchor = notes["runbook_url"].split("#")
        assert page.endswith("/manual/monitoring.md") and anchor in anchors, notes["runbook_url"]
