"""deploy/prometheus and deploy/grafana on a real farm and a real Prometheus: every query of every panel
gives data, every rule can be evaluated, and alerts fire on what really happens."""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import yaml

from harness import farm, wait
from harness.farm import ROOT, Daemon, free_port
from harness.mqtt import Person
from harness.sim import Simulator

SETTINGS = {"inbound": {"heartbeat_interval_ms": 300},
            "fleet": {"job_settle_s": 1, "silent_after_s": 20, "query_timeout_s": 2}}
FARM = ["--printers", 6, "--models", "K2Pro,K2Plus", "--seed", 71, "--report-interval", 1,
        "--reconnect-ms-max", 60000, "--panel-jobs", 4, "--print-minutes", 900, "--speedup", 30]
VALUES = {"$job": ".+", "$instance": ".+", "$printer": ".+", "$__rate_interval": "8s"}


class Prometheus:
    """Of the files in deploy/prometheus, in a hurry: it asks every second, and no alert waits long."""

    def __init__(self, target):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="prometheus-", dir="/tmp"))
        self.port = free_port()
        source = ROOT / "deploy/prometheus"
        config = yaml.safe_load((source / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        for job in config["scrape_configs"]:
            job.update(scrape_interval="1s", static_configs=[{"targets": [target]}])
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(config))
        for name in config["rule_files"]:
            text = re.sub(r"for: \d+[mh]", "for: 1s", (source / name).read_text())
            (self.directory / name).write_text(text)

    def __enter__(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.directory}/prometheus.yml",
                 f"--storage.tsdb.path={self.directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.kill()  # nobody wants what it has
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def get(self, what, **parameters):
        """The data of an answer; None while there is none."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it starts
                return None
            raise AssertionError(f"{what} {parameters}: {error.read().decode()}") from None
        except OSError:
            return None

    def series(self, query):
        for name, value in VALUES.items():
            query = query.replace(name, value)
        answer = self.get("query", query=query)
        return answer["result"] if answer else []

    def targets_up(self):
        answer = self.get("targets")
        return answer and sorted(each["labels"]["job"] for each in answer["activeTargets"]
                                 if each["health"] == "up") == ["printfleet", "printfleet-printers"]

    def firing(self):
        return {each["labels"]["alertname"] for each in self.get("alerts")["alerts"]
                if each["state"] == "firing"}


def boards():
    return [json.loads(file.read_text()) for file in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))]


def check_panels(prometheus):
    wanted = [(panel["title"], target["expr"]) for board in boards() for panel in board["panels"]
              for target in panel.get("targets", [])]
    assert len(wanted) > 50
    empty = [0]

    def without_data():
        empty[:] = [(title, query) for title, query in wanted if not prometheus.series(query)]
        return not empty

    wait.until(without_data, "every query of every panel has data", 30, lambda: empty)
    for board in boards():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]).groups()
                found = prometheus.series(metric)
                assert found and all(label in each["metric"] for each in found), variable["query"]


def check_rules(prometheus):
    """All are evaluated without an error, and name metrics that exist."""
    groups = prometheus.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 20
    wait.until(lambda: all(rule["health"] == "ok" for group in prometheus.get("rules")["groups"]
                           for rule in group["rules"]), "all rules are well", 20)
    named = set()
    for rule in rules:
        found = set(re.findall(r"\b(?:printfleet|process)_\w+|instance_model:\w+:\w+", rule["query"]))
        assert found or "up{" in rule["query"], rule["query"]
        named |= found

    def missing():
        return named - set(prometheus.get("label/__name__/values"))

    # What rules record is there after their second evaluation.
    wait.until(lambda: not missing(), "every metric that a rule names", 20, missing)


def check_pages(daemon):
    for page in ("/metrics", "/metrics/printers"):
        status, text = daemon.http(page)
        assert status == 200
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                                 text=True, check=False, timeout=30)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@contextlib.contextmanager
def farm_with_a_certificate():
    """Its printers' listener with TLS is there to be watched; the simulated ones come by the other."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        made = subprocess.run(
            [farm.PRINTFLEET, "init", "--config", f"{folder}/printfleet.yaml", "--data-dir",
             f"{folder}/data", "--printers-address", "127.0.0.1", "--yes"],
            capture_output=True, text=True, check=False, timeout=30)
        assert made.returncode == 0, made.stderr
        tls = {key: f"{folder}/tls/{name}" for key, name in (
            ("cert_file", "server.crt"), ("key_file", "server.key"), ("ca_file", "ca.crt"))}
        broker = {"log_denied": True, "listeners": [
            {"address": "127.0.0.1", "port": 0},
            {"address": "127.0.0.1", "port": 0, "for": ["printers"], "tls": tls}]}
        with Daemon({**SETTINGS, "broker": broker}) as daemon:
            yield daemon


def test_dashboards_and_alerts_on_a_farm():
    with farm_with_a_certificate() as daemon, Simulator(daemon.mqtt_port, *FARM) as sim, \
            Prometheus(f"127.0.0.1:{daemon.http_port}") as prometheus:
        sim.wait_online()
        wait.until(prometheus.targets_up, "Prometheus gets both pages", 30)
        wait.until(lambda: prometheus.series('sum(printfleet_printers{state="printing"}) >= 2'),
                   "some print", 30)
        with Person(daemon.mqtt_port) as person:
            assert person.call("status.query", {"all": True})["succeeded"] == len(sim.printers)
        check_panels(prometheus)
        check_rules(prometheus)
        check_pages(daemon)
        assert not prometheus.firing()

        printing = [id for id, (_, phase, _) in sim.states().items() if phase == "printing"]
        sim.tell(f"disconnect {printing[0]}")
        sim.tell(f"fail {printing[1]}")
        wait.until(lambda: prometheus.firing() >= {"PrintfleetPrinterOfflineMidPrint",
                                                   "PrintfleetPrintFailed"},
                   "what happened is told", 30, prometheus.firing)
        assert prometheus.firing() <= {"PrintfleetPrinterOfflineMidPrint", "PrintfleetPrintFailed",
                                       "PrintfleetManyPrintsFail"}
        daemon.stop()
        wait.until(lambda: "PrintfleetDown" in prometheus.firing(), "that the daemon is gone, too", 20)
