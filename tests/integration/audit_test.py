"""audit_log has every request that reaches the daemon, and what became of it."""
import contextlib
import json
import uuid

import pytest

from harness import mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator


class Site:
    def __init__(self, daemon, database, sim, person):
        self.daemon, self.database, self.sim, self.person = daemon, database, sim, person
        self.target = {"printers": [sim.printers[0].id]}

    def audit(self, request_id):
        return self.database.rows(
            "SELECT * FROM fleet.audit_log WHERE request_id = %s ORDER BY at, outcome", request_id)

    def outcomes(self, request_id):
        return [row["outcome"] for row in self.audit(request_id)]

    def raw(self, payload, **properties):
        """Sends what has no readable id; the outcome of the one new row."""
        count = self.database.one("SELECT count(*) FROM fleet.audit_log")
        self.person.send_raw(payload, **properties)
        wait.until(lambda: self.database.one("SELECT count(*) FROM fleet.audit_log") > count,
                   "a row more", 10)
        rows = self.database.rows("SELECT * FROM fleet.audit_log ORDER BY at DESC LIMIT 1")
        assert rows[0]["author"] == "local"
        return rows[0]


@pytest.fixture(scope="module", name="site")
def site_fixture():
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon())
        database = stack.enter_context(daemon.database())
        sim = stack.enter_context(Simulator(daemon.mqtt_port, "--printers", 2, "--seed", 91,
                                            "--report-interval", 1, "--speedup", 60))
        sim.wait_online()
        person = stack.enter_context(mqtt.Person(daemon.mqtt_port))
        wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 2,
                   "two printers answer", 30)
        yield Site(daemon, database, sim, person)

def test_accepted_and_its_end(site):
    request_id = site.person.send("status.query", site.target)
    assert site.person.final(request_id)["succeeded"] == 1
    accepted, done = wait.until(lambda: (rows := site.audit(request_id))[1:] and rows, "two rows", 5)
    assert (accepted["outcome"], done["outcome"]) == (
        "accepted", "done(succeeded=1)")
    for row in (accepted, done):
        assert (row["author"], row["command"]) == ("local", "status.query")
        assert row["target"] == site.target and row["args"] == {}

#Again : nothing is done, and that is said.
    site.person.send("status.query", site.target, request_id=request_id)
    wait.equal(lambda: site.outcomes(request_id)[2:], ["repeated"], "the third row", 10)


def test_an_end_by_its_counts(site):
    request_id = site.person.send("print.resume", {"all": True})
    done = site.person.final(request_id)
    assert done["skipped"] == 2, done
    wait.equal(lambda: sorted(site.outcomes(request_id)), ["accepted", "done(skipped=2)"], "rows", 5)


def test_what_is_done_at_once(site):
    for command, target, args in (("printer.set", site.target, {"note": "x"}),
                                  ("fleet.hold", None, {"reason": "audit"}),
                                  ("fleet.release", None, None)):
        request_id = site.person.send(command, target, args)
        assert site.person.final(request_id)["event"] == "done"
        wait.equal(lambda request_id=request_id: site.outcomes(request_id), ["done"], command, 5)


def test_refused_ones(site):
    far_too_large = json.dumps({"id": str(uuid.uuid4()), "command": "printer.set",
                                "args": {"note": "x" * 300_000}})
    for payload, outcome in (
            (b"{no json", "rejected(malformed)"), (b"[]", "rejected(malformed)"),
            (b"\xff\xfe", "rejected(malformed)"), ("[" * 5000, "rejected(malformed)"),
            (far_too_large, "rejected(too_large)"), (b"{}", "rejected(malformed)")):
        assert site.raw(payload)["outcome"] == outcome, payload[:20]
    for command, target, args, outcome in (
            ("print.stopp", {"all": True}, {}, "rejected(unknown_command)"),
            ("print.stop", {}, {}, "rejected(empty_target)"),
            ("print.stop", {"printers": ["nobody"]}, {}, "rejected(unknown_printer)"),
            ("printer.set", site.target, {"bed": "dirty"}, "rejected(out_of_range)"),
            ("job.set", None, {"job_id": 987654, "note": "x"}, "rejected(not_found)"),
            ("job.reprint", None, {"job_id": 987654}, "rejected(not_found)"),
            ("job.get", None, {"job_id": 987654}, "rejected(not_found)"),
            ("command.cancel", None, {"command_id": 987654}, "rejected(not_found)"),
            ("rollout.start", None, {}, "rejected(unsupported)")):
        request_id = site.person.send(command, target, args)
        assert site.person.final(request_id)["event"] == "rejected"
        wait.until(lambda request_id=request_id, outcome=outcome:
                   outcome in site.outcomes(request_id), f"{command}: {outcome}", 5,
                   lambda request_id=request_id: site.outcomes(request_id))
    request = json.dumps({"id": str(uuid.uuid4()), "command": "print.stop", "target": {"all": True}})
    assert site.raw(request, retain=True)["outcome"] == "rejected(retained)"
    assert site.raw(request, ResponseTopic="fleet/v1/response/anna/x")["outcome"] == \
        "rejected(bad_response_topic)"


def test_a_question_leaves_no_row_unless_it_is_refused(site):
    request_id = site.person.send("printer.list")
    assert site.person.final(request_id)["event"] == "done"
    refused = site.person.send("printer.list", None, {"limit": 99_999})
    assert site.person.final(refused)["event"] == "rejected"
    wait.equal(lambda: site.outcomes(refused), ["rejected(out_of_range)"], "the refused one", 5)
    assert site.outcomes(request_id) == []
