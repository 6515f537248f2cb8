"""The same request again has no second effect, whenever and wherever it comes from: it gets the
first one's answer; with another body it is a conflict."""
import contextlib
import json
import uuid

import pytest

from harness import mqtt, wait
from harness.farm import Daemon, free_port
from harness.sim import Simulator

REMEMBERED = 40


class Site:
    def __init__(self, daemon, database, sim, person, people_port):
        self.daemon, self.database, self.sim, self.person = daemon, database, sim, person
        self.people_port = people_port
        self.printer = sim.printers[0]
        self.target = {"printers": [self.printer.id]}

    def sent(self, action):
        """Bodies of what reached the printers with this action, by now."""
        self.person.call("status.query", {"all": True})  # what was published before arrives before
        found = [json.loads(entry["payload"]) for entry in self.sim.received()]
        return [body for body in found if body["action"] == action]

    def fans(self):
        return [body["data"]["settings"]["fan_speed_pct"] for body in self.sent("update")
                if "settings" in body["data"]]

    def commands(self, request_id):
        return self.database.rows("SELECT * FROM fleet.commands WHERE request_id = %s", request_id)

    def restart(self):
        assert self.daemon.stop() == 0
        self.daemon.start()
        wait.until(lambda: self.person.call("status.query", {"all": True}).get("succeeded") == 2,
                   "the printers answer", 30)

    def again(self, request_id, command, *words, answers=2, **options):
        """Sends it again; the answer number `answers` to this id."""
        self.person.send(command, *words, request_id=request_id, **options)

        def ends():
            found = [each for each in self.person.responses(request_id)
                     if each["event"] in ("done", "rejected")]
            return found[answers - 1:]

        return wait.until(ends, f"answer {answers} to {command}", 20,
                          lambda: self.person.responses(request_id))[0]


def same(first, again):
    """Two answers, but for when they were given and for executions that only one has."""
    def core(answer):
        return {name: value for name, value in answer.items() if name not in ("at", "executions")}
    return core(first) == core(again)


@pytest.fixture(scope="module", name="site")
def site_fixture():
    ports = [free_port(), free_port()]
    daemon = Daemon({
        "broker": {"listeners": [
            {"address": "127.0.0.1", "port": ports[0]},
            {"address": "127.0.0.1", "port": ports[1], "for": ["people"], "login": "password"}]},
        "commands": {"remembered_max": REMEMBERED}})
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.cleanup)
        password = daemon.directory / "password"
        password.write_text("word\n")
        password.chmod(0o600)
        added = daemon.run("user", "add", "anna", "--role", "admin", "--password-file", str(password))
        assert added.returncode == 0, added.stderr
        daemon.start()
        database = stack.enter_context(daemon.database())
        sim = stack.enter_context(Simulator(ports[0], "--printers", 2, "--seed", 93, "--speedup", 60,
                                            "--report-interval", 1))
        sim.wait_online()
        person = stack.enter_context(mqtt.Person(ports[0]))
        wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 2 and all(
            each["firmware"] for each in person.ask("printer.list")["printers"]), "two printers", 30)
        yield Site(daemon, database, sim, person, ports[1])


def test_many_times_at_once_and_from_two_connections(site):
    fan = len(site.fans())
    request_id = str(uuid.uuid4())
    request = json.dumps({"id": request_id, "command": "print.update", "target": site.target,
                          "args": {"fan_ratio": 0.11}})
    with mqtt.Person(site.person.port) as other:
        infos = [person.client.publish("fleet/v1/command", request, 1)
                 for _ in range(10) for person in (site.person, other)]
        for info in infos:
            info.wait_for_publish(15)
        done = site.person.final(request_id)
        assert done["succeeded"] == 1, done

#Both hear every answer of their common author; each asking has got one.
        wait.until(lambda: len([each for each in other.responses(request_id)
                                if each["event"] == "accepted"]) == 20, "twenty answers", 20)
    assert site.fans()[fan:] == [11]
    assert len(site.commands(request_id)) == 1


def test_later_after_a_restart_and_with_another_body(site):
    request_id = str(uuid.uuid4())
    words = ("print.update", site.target, {"fan_ratio": 0.21})
    first = site.person.call(*words, request_id=request_id)
    assert first["succeeded"] == 1, first
    fans = len(site.fans())
    assert same(first, site.again(request_id, *words))
    site.restart()
    again = site.again(request_id, *words, answers=3)
    assert same(first, again), (first, again)
    assert again["executions"][0]["state"] == "succeeded"
    for number, (command, target, args) in enumerate([
            ("print.update", site.target, {"fan_ratio": 0.22}), ("print.update", {"all": True}, words[2]),
            ("print.pause", site.target, {})], 4):
        refused = site.again(request_id, command, target, args, answers=number)
        assert refused["reason"] == "conflict", refused
    assert len(site.fans()) == fans
    assert len(site.commands(request_id)) == 1


def test_of_another_author_it_is_another_command(site):
    request_id = str(uuid.uuid4())
    fans = len(site.fans())
    with mqtt.Person(site.people_port, "anna", "word") as anna:
        for person, ratio in ((site.person, 0.31), (anna, 0.32)):
            done = person.call("print.update", site.target, {"fan_ratio": ratio}, request_id=request_id)
            assert done["succeeded"] == 1, done
        assert anna.call("print.update", site.target, {"fan_ratio": 0.32},
                         request_id=request_id)["succeeded"] == 1
    assert site.fans()[fans:] == [31, 32]
    assert sorted(row["author"] for row in site.commands(request_id)) == ["anna", "local"]


def test_stops_at_once(site):
    """They go out before their rows are stored, and once all the same."""
    before = len(site.sent("stop"))
    request_id = str(uuid.uuid4())
    request = json.dumps({"id": request_id, "command": "print.stop", "target": site.target,
                          "options": {"timeout_s": 3}})
    infos = [site.person.client.publish("fleet/v1/command", request, 1) for _ in range(10)]
    for info in infos:
        info.wait_for_publish(15)
    site.person.final(request_id)
    msgids = {body["msgid"] for body in site.sent("stop")[before:]}
    assert len(msgids) == 1, msgids


def job_of(site):
    site.sim.tell(f"panel-start {site.printer.id} idempotent.gcode -1")
    job = wait.until(lambda: site.database.one(
        "SELECT max(job_id) FROM fleet.jobs WHERE printer_id = %s", site.printer.id), "a job", 20)
    site.sim.tell(f"panel-stop {site.printer.id}")
    wait.until(lambda: site.database.one("SELECT outcome FROM fleet.jobs WHERE job_id = %s", job),
               "its end", 30)
    return job


def test_an_old_one_does_not_undo_a_newer_one(site):
    """Of what only changes tables, at once and after a restart; the answer is the first one's."""
    job = job_of(site)
#command, target, the first 's arguments, the second' s; what the first, then the second has made
    cases = [
        ("printer.set", site.target, {"note": "old"}, {"note": "new"},
         "SELECT note FROM fleet.printers WHERE printer_id = %s", site.printer.id, "old", "new"),
        ("job.set", None, {"job_id": job, "verdict": "scrap", "note": "old"},
         {"job_id": job, "verdict": "good"}, "SELECT verdict || note FROM fleet.jobs WHERE job_id = %s",
         job, "scrapold", "goodold"),
        ("fleet.hold", None, {"reason": "old"}, {"reason": "new"}, "SELECT hold FROM fleet.ledger "
         "WHERE %s", True, "old", "new"),
    ]
    asked = []
    for command, target, old, new, question, key, one, two in cases:
        ids = [site.person.send(command, target, old)]
        first = site.person.final(ids[0])
        assert first["event"] == "done" and first["result"], first
        wait.equal(lambda q=question, k=key: site.database.one(q, k), one, command, 5)
        ids.append(site.person.send(command, target, new))
        assert site.person.final(ids[1])["event"] == "done"
        wait.equal(lambda q=question, k=key: site.database.one(q, k), two, command, 5)
        asked.append((command, target, old, ids[0], first))
    for answers in (2, 3):
        for command, target, old, request_id, first in asked:
            again = site.again(request_id, command, target, old, answers=answers)
            assert same(first, again), (first, again)
        for command, _, _, _, question, key, _, two in cases:
            assert site.database.one(question, key) == two, command
        if answers == 2:
            site.restart()
    assert site.person.call("fleet.release")["event"] == "done"


def test_a_cancel_again_cancels_nothing_new(site):
    """Of a command that waits for a printer which never comes."""
    site.sim.tell(f"leave {site.printer.id}")
    wait.equal(lambda: site.database.one("SELECT online FROM fleet.printer_status WHERE printer_id = %s",
                                         site.printer.id), False, "offline", 60)
    waiting = [site.person.send("print.update", site.target, {"fan_ratio": 0.5}, on_offline="wait",
                                timeout_s=600) for _ in range(2)]
    wait.until(lambda: all(site.person.responses(each) for each in waiting), "accepted", 10)
    cancel = site.person.send("command.cancel", None, {"request_id": waiting[0]})
    first = site.person.final(cancel)
    assert first["result"]["cancelled"] == 1, first
    assert same(first, site.again(cancel, "command.cancel", None, {"request_id": waiting[0]}))
    assert site.again(cancel, "command.cancel", None, {"request_id": waiting[1]},
                      answers=3)["reason"] == "conflict"
    assert site.commands(waiting[1])[0]["finished_at"] is None
    assert site.person.call("command.cancel", None, {"request_id": waiting[1]})["event"] == "done"
    site.sim.tell(f"reconnect {site.printer.id}")
    wait.until(lambda: site.person.call("status.query", {"all": True}).get("succeeded") == 2,
               "the printer is back", 60)


def test_what_the_memory_has_forgotten_the_tables_know(site):
    request_id, other = str(uuid.uuid4()), str(uuid.uuid4())
    words = ("print.update", site.target, {"fan_ratio": 0.61})
    first = site.person.call(*words, request_id=request_id)
    assert first["succeeded"] == 1, first
    note = site.person.call("printer.set", site.target, {"note": "forgotten"}, request_id=other)
    for number in range(REMEMBERED + 1):
        assert site.person.call("printer.set", site.target, {"note": str(number)})["event"] == "done"
    wait.until(lambda: f"printfleet_remembered_requests {REMEMBERED}\n" in
               site.daemon.http("/metrics")[1], "the memory is full", 10)
    fans = len(site.fans())
#In the company of one that is new : only the old one is told from the rest.
    fresh = str(uuid.uuid4())
    site.person.client.publish("fleet/v1/command", json.dumps(
        {"id": fresh, "command": "printer.set", "target": site.target, "args": {"note": "fresh"}}), 1)
    again = site.again(request_id, *words)
    assert same(first, again), (first, again)
    assert same(note, site.again(other, "printer.set", site.target, {"note": "forgotten"}))
    assert site.person.final(fresh)["event"] == "done"
    refused = site.again(request_id, "print.update", site.target, {"fan_ratio": 0.62}, answers=3)
    assert refused["reason"] == "conflict", refused
    assert len(site.fans()) == fans
    assert site.database.one("SELECT note FROM fleet.printers WHERE printer_id = %s",
                             site.printer.id) == "fresh"
    assert site.database.one("SELECT count(*) FROM fleet.dead_letters") == 0
    assert site.database.column("SELECT outcome FROM fleet.audit_log WHERE request_id = %s ORDER BY at",
                                request_id) == ["accepted", "done(succeeded=1)", "repeated",
                                                "rejected(conflict)"]
