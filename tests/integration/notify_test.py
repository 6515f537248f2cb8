"""People are told: the four templates, a target that hangs, a queue that outlives the daemon, a power
cut that is one message, the bridge's own troubles."""
import contextlib
import json
import os
import signal
import time
import uuid

from harness import mqtt, wait
from harness.farm import Daemon, merge
from harness.fault import broker_pid, children
from harness.sim import Simulator
from harness.webhook import Receiver

LAYERS = 300
SETTINGS = {
    "fleet": {"enrolment": "auto", "query_timeout_s": 1, "outage_window_s": 30},
    "inbound": {"heartbeat_interval_ms": 300, "deaf_after_ms": 2500},
    "notify": {"retry_first_s": 1, "retry_max_s": 1},
}


class Site:
    def __init__(self, daemon, database, receiver):
        self.daemon, self.database, self.receiver = daemon, database, receiver

    def metric(self, name):
        for line in self.daemon.http("/metrics")[1].splitlines():
            if line.startswith(f"printfleet_{name} "):
                return float(line.split()[-1])
        return None

    def rows(self, where="true"):
        return self.database.rows(
            f"SELECT * FROM fleet.notifications WHERE {where} ORDER BY notification_id")

    def told(self, path, count=1, timeout_s=30):
        wait.until(lambda: len(self.receiver.of(path)) >= count, f"{count} at {path}", timeout_s,
                   lambda: (self.receiver.requests, self.rows()))
        return self.receiver.of(path)

    def print_all(self, sim):
        sim.wait_online()
        for printer in sim.printers:
            sim.tell(f"panel-start {printer.id} {printer.id[:6]}.gcode")
        ids = [printer.id for printer in sim.printers]
        wait.until(lambda: self.database.one(
            "SELECT count(*) FROM fleet.jobs WHERE printer_id = ANY(%s) AND layer >= 1", ids)
            == len(ids), f"{len(ids)} print their first layers", 60)


def target(receiver, name, **more):
    return {"name": name, "url": receiver.url(f"/{name}"), "group_s": 1, **more}


@contextlib.contextmanager
def site_of(make_targets, settings=None):
    with Receiver() as receiver:
        over = merge(SETTINGS, settings or {})
        over = merge(over, {"notify": {"targets": make_targets(receiver)}})
        with Daemon(over) as daemon:
            database = daemon.database()
            try:
                yield Site(daemon, database, receiver)
            finally:
                database.close()


def simulator(site, count, seed, *words):
    return Simulator(site.daemon.mqtt_port, "--printers", count, "--seed", seed, "--layers", LAYERS,
                     "--report-interval", 1, "--print-minutes", 60, "--speedup", 20,
                     "--connect-rate", 500, *words)


def test_a_failed_print_arrives_in_four_shapes(tmp_path):
    secret = tmp_path / "json.url"
    headers = tmp_path / "headers"
    headers.write_text("Authorization: Bearer top-secret\n")

    def targets(receiver):
        secret.write_text(receiver.url("/json?token=top-secret") + "\n")
        shapes = [target(receiver, name, template=name) for name in ("ntfy", "discord", "slack")]
        return shapes + [{"name": "json", "url_file": str(secret), "headers_file": str(headers),
                          "group_s": 1, "events": ["print_failed"]}]

    with site_of(targets) as site, simulator(site, 1, 5) as sim:
        site.print_all(sim)
        sim.tell(f"fail {sim.printers[0].id} 10107")
        name = site.database.one("SELECT name FROM fleet.printers")
        title = f"{name}: print failed"
        (sent,) = site.told("/json?token=top-secret")
        assert sent.json["title"] == title
        (item,) = sent.json["items"]
        assert item["kind"] == "print_failed" and item["printer_id"] == sim.printers[0].id
        assert item["layer"] >= 1 and item["layers"] == LAYERS, item
        assert item["text"].startswith("10107 ")
        assert sent.headers["Authorization"] == "Bearer top-secret"
        ntfy = site.told("/ntfy")[0]
        assert ntfy.headers["Title"] == title and ntfy.headers["Priority"] == "high"
        assert f"layer {item['layer']} of {LAYERS}" in ntfy.body
        discord = site.told("/discord")[0].json
        assert "print failed" in discord["content"] and discord["allowed_mentions"] == {"parse": []}
        assert f"of {LAYERS}" in discord["embeds"][0]["description"]
        slack = site.told("/slack")[0].json
        assert slack["blocks"][0]["text"]["text"] == title

        wait.until(lambda: all(row["state"] == "sent" for row in site.rows()), "rows are sent", 10)
        assert len(site.rows()) == 4
        wait.equal(lambda: site.metric('notifications_total{target="json",result="sent"}'), 1,
                   "messages sent", 5)
        # What is secret is in no table and no log.
        stored = json.dumps(site.rows(), default=str) + json.dumps(
            site.database.rows("SELECT * FROM fleet.events"), default=str)
        assert "top-secret" not in stored and "top-secret" not in site.daemon.log_text()

        test = site.daemon.run("notify", "test", "slack")
        assert test.returncode == 0 and test.stdout.startswith("sent to slack (slack) in "), test
        assert site.told("/slack", 2)[1].json["blocks"][0]["text"]["text"] == "test: print failed"
        site.receiver.statuses["/slack"] = 404
        test = site.daemon.run("notify", "test", "slack")
        assert test.returncode == 1 and "HTTP 404" in test.stderr, test
        test = site.daemon.run("notify", "test", "teams")
        assert test.returncode == 2 and "ntfy, discord, slack, json" in test.stderr, test


def test_a_target_that_hangs_changes_no_reports_lag():
    def targets(receiver):
        receiver.hanging.add("/hangs")
        return [target(receiver, "hangs", timeout_s=60), target(receiver, "works")]

    def lags(site, client, topic, count=40):
        """From a report's publishing to its row, and the worst round trip meanwhile."""
        rows, trips = [], []
        for _ in range(count):
            msgid = str(uuid.uuid4())
            began = time.monotonic()
            client.publish(topic, json.dumps({
                "type": "status", "action": "workReport", "state": "free", "code": 200,
                "msgid": msgid, "timestamp": int(time.time() * 1000)}))
            wait.until(lambda each=msgid: site.database.one(
                "SELECT count(*) FROM fleet.report_log WHERE msgid = %s", each), "its row", 10)
            rows.append(time.monotonic() - began)
            trips.append(site.metric("inbound_lag_seconds"))
        return sorted(rows)[len(rows) // 2], max(trips)

    with site_of(targets) as site, simulator(site, 10, 6) as sim, \
            mqtt.Client(site.daemon.mqtt_port) as client:
        site.print_all(sim)
        topic = f"anycubic/anycubicCloud/v1/printer/public/20021/{uuid.uuid4().hex}/status/report"
        before, trip_before = lags(site, client, topic)
        for printer in sim.printers[:5]:
            sim.tell(f"fail {printer.id}")
        site.told("/hangs")
        site.told("/works")
        after, trip_after = lags(site, client, topic)
        (row,) = site.rows("target = 'hangs'")
        assert row["state"] == "queued" and row["attempts"] == 1, "it hangs still"
        print(f"report to row, median: {before * 1000:.1f} ms, then {after * 1000:.1f} ms; "
              f"round trip, worst: {trip_before * 1000:.1f} ms, then {trip_after * 1000:.1f} ms")
        assert after < before * 2 + 0.05 and trip_after < trip_before * 3 + 0.25
        assert len(site.receiver.of("/hangs")) == 1
        assert [each["state"] for each in site.rows("target = 'works'")] == ["sent"]
        assert site.metric('notifications_queued{target="hangs"}') == 1
        began = time.monotonic()
        site.daemon.stop()
        assert time.monotonic() - began < 20, "it holds up no end either"


def test_the_queue_outlives_the_daemon():
    def targets(receiver):
        receiver.statuses["/shift"] = 503
        return [target(receiver, "shift")]

    with site_of(targets) as site, simulator(site, 2, 7) as sim:
        site.print_all(sim)
        sim.tell(f"fail {sim.printers[0].id}")
        site.told("/shift", 2)
        site.daemon.kill()
        # A second one, gathered by the next process.
        site.daemon.start()
        site.database.close()
        site.database = site.daemon.database()
        sim.wait_online()
        sim.tell(f"fail {sim.printers[1].id}")
        site.told("/shift", 3)
        site.receiver.statuses.clear()
        wait.until(lambda: [row["state"] for row in site.rows()] == ["sent", "sent"], "both are sent",
                   30, site.rows)
        printers = {request.json["items"][0]["printer_id"] for request in site.receiver.of("/shift")}
        assert printers == {printer.id for printer in sim.printers}
        assert site.rows()[0]["attempts"] >= 3, "counted over the restart"


def test_a_power_cut_is_one_message_and_every_print_has_its_layer():
    def targets(receiver):
        return [target(receiver, "shift", group_s=4, template="discord"),
                target(receiver, "tool", group_s=4)]

    with site_of(targets, {"fleet": {"job_lost_after_s": 12}}) as site:
        with simulator(site, 23, 8) as rest, simulator(site, 37, 9) as cut:
            site.print_all(rest)
            site.print_all(cut)
            assert site.database.one(
                "SELECT count(*) FROM fleet.printer_status WHERE state = 'printing'") == 60
            cut.kill()
            (sent,) = site.told("/tool")
            ids = {printer.id for printer in cut.printers}
            names = dict((row["printer_id"], row["name"]) for row in
                         site.database.rows("SELECT printer_id, name FROM fleet.printers"))
            assert sent.json["title"] == "Outage: 37 of 60 printers lost, 37 of them mid-print"
            assert {item["printer_id"] for item in sent.json["items"]} == ids
            assert all(item["layer"] >= 1 and item["layers"] == LAYERS and item["filename"]
                       for item in sent.json["items"])
            (short,) = site.told("/shift")
            text = short.json["embeds"][0]["description"].replace("\\", "")
            assert all(names[each] in text for each in ids)

            interrupted = """SELECT count(*) FROM fleet.jobs WHERE outcome = 'interrupted'
                             AND layer >= 1 AND printer_id = ANY(%s)"""
            wait.equal(lambda: site.database.one(interrupted, list(ids)), 37, "interrupted jobs", 40)
            # As long as a message would take that their end had opened.
            wait.stays(lambda: len(site.receiver.requests) == 2, "one message each", 6)
            assert len(site.rows()) == 2


def test_the_bridges_own_troubles_are_told_past_the_store():
    def targets(receiver):
        return [target(receiver, "shift", events=["bridge_degraded", "bridge_recovered"])]

    with site_of(targets, {"notify": {"degraded_after_s": 2}}) as site:
        # The start itself may have taken long enough to be told.
        before = quiet_for(site, 4)
        broker = broker_pid(site.daemon.pid)
        os.kill(broker, signal.SIGSTOP)
        try:
            deaf = site.told("/shift", before + 1)[before]
            assert deaf.json["title"] == "bridge degraded"
        finally:
            os.kill(broker, signal.SIGCONT)
        assert site.told("/shift", before + 2)[before + 1].json["title"] == "bridge recovered"
        wait.equal(lambda: site.database.column(
            "SELECT kind FROM fleet.events WHERE kind LIKE 'bridge_%%ed' "
            "ORDER BY event_id DESC LIMIT 2"), ["bridge_recovered", "bridge_degraded"], "events", 10)

        # Nothing can be queued now, and yet it is told; the tables have it afterwards.
        database = site.daemon.servers()["database"]
        site.database.close()
        os.kill(database, signal.SIGSTOP)
        for child in children(database):
            os.kill(child, signal.SIGKILL)
        try:
            away = site.told("/shift", before + 3)[before + 2]
            assert away.json["title"] == "bridge degraded"
            assert "database" in away.json["items"][0]["text"], away
            quiet_for(site, 2)
        finally:
            os.kill(database, signal.SIGCONT)
        assert site.told("/shift", before + 4, 60)[before + 3].json["title"] == "bridge recovered"
        wait.until(lambda: [row["state"] for row in site.rows()] == ["sent"] * (before + 4),
                   "every message has its row", 20, site.rows)


def quiet_for(site, for_s):
    """How many requests there are once none has come for so long."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < for_s:
        if len(site.receiver.requests) != seen:
            seen, since = len(site.receiver.requests), time.monotonic()
        time.sleep(wait.STEP_S)
    return seen
