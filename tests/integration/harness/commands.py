"""A farm for tests of commands: what was asked, what was answered, and what reached the printers."""
import collections
import contextlib
import json

from harness import contract, mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator

SERVER = "anycubic/anycubicCloud/v1/server/printer"
QUESTIONS = {("status", "query"), ("print", "query"), ("ota", "reportVersion"),
             ("tempature", "query"), ("info", "query")}


class Farm:
    """`sim` prints for long; `quick` downloads, prints and ends in seconds; `durable` is one printer
    whose session the broker keeps."""

    def __init__(self, daemon, database, person, sims):
        self.daemon, self.database, self.person = daemon, database, person
        self.sim, self.quick, self.durable = sims
        self.sims = sims

    def printers(self):
        return [printer for sim in self.sims for printer in sim.printers]

    def received(self):
        """Everything that reached a printer and is no question, in the order of arrival."""
        found = []
        for sim in self.sims:
            for entry in sim.received():
                body = json.loads(entry["payload"])
                if (body.get("type"), body.get("action")) not in QUESTIONS:
                    found.append({**entry, "body": body})
        return sorted(found, key=lambda entry: entry["at_ms"])

    @contextlib.contextmanager
    def sending(self):
        """Yields a list that holds, after the block, what reached printers within it."""
        before = len(self.received())
        news = []
        yield news
        # What was published before this question arrives before it.
        self.person.call("status.query", {"all": True})
        news += self.received()[before:]

    @contextlib.contextmanager
    def sends_nothing(self):
        with self.sending() as news:
            yield
        assert [(entry["topic"], entry["payload"]) for entry in news] == []

    def state(self, printer):
        return self.database.one(
            "SELECT state FROM fleet.printer_status WHERE printer_id = %s", printer.id)

    def wait_state(self, printer, *states):
        wait.until(lambda: self.state(printer) in states, f"{printer} is {states}", 20,
                   lambda: self.state(printer))

    def online(self, printer):
        return self.database.one(
            "SELECT online FROM fleet.printer_status WHERE printer_id = %s", printer.id)

    def bed(self, printer, word):
        done = self.person.call("printer.set", {"printers": [printer.id]}, {"bed": word})
        assert done["event"] == "done" and done["succeeded"] == 1, done

    def print_at_panel(self, printer, task="-1"):
        self.sim.tell(f"panel-start {printer.id} {printer.id[:6]}.gcode {task}")
        self.wait_state(printer, "printing")

    def stop_printing(self, *printers):
        for printer in printers:
            self.sim.tell(f"panel-stop {printer.id}")
        for printer in printers:
            self.wait_state(printer, "idle")


@contextlib.contextmanager
def commanded_farm(enroll=True):
    """A Farm; its sixteen printers wait to be enrolled, or are."""
    fleet = {"enrolment": "auto" if enroll else "manual", "silent_after_s": 5, "query_timeout_s": 2,
             "job_settle_s": 3}
    always = ["--report-interval", 1, "--status-interval", 5, "--speedup", 60]
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon({"fleet": fleet}))
        database = stack.enter_context(daemon.database())
        sims = [stack.enter_context(Simulator(daemon.mqtt_port, *words, *always)) for words in (
            ["--models", "K2Pro=4,K2Plus=4,K2Max=4", "--firmware", "3.1.0,3.0.9", "--seed", 11,
             "--print-minutes", 1200],
            ["--models", "K2Pro=3", "--firmware", "3.1.0,3.0.9", "--seed", 12, "--print-minutes", 3,
             "--layers", 20, "--id-prefix", "90"],
            ["--models", "K2Max=1", "--seed", 13, "--clean-session", "false", "--id-prefix", "d0"],
        )]
        for sim in sims:
            sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers JOIN "
                                        "fleet.printer_status USING (printer_id) WHERE firmware IS "
                                        "NOT NULL AND state = 'idle'"), 16, "idle printers")
        person = stack.enter_context(mqtt.Person(daemon.mqtt_port))
        if enroll:
            named = person.call("printer.set", {"printers": [sims[0].printers[0].id]},
                                {"name": "a-01"})
            assert named["event"] == "done", named
        yield Farm(daemon, database, person, sims)


def by_state(done):
    return {name: done[name] for name in ("succeeded", "failed", "timed_out", "sent_unconfirmed",
                                          "skipped", "cancelled", "expired")}


def skip_reasons(farm, request_id):
    """{printer_id: reason} of a streamed command."""
    accepted = farm.person.responses(request_id)[0]
    assert accepted["event"] == "accepted", accepted
    return {each["printer_id"]: each["reason"] for each in accepted["skipped"]}


def check_wire(entry, printer, action):
    """Form of topic and message, by the printer's firmware."""
    short = printer.firmware == "3.1.0"
    base = f"{SERVER}/{printer.model_id}/{printer.id}/print"
    # The seed's <ACTION> segment is the message's type for the new, both for the old firmware.
    assert entry["topic"] == (base if short else f"{base}/{action}"), entry["topic"]
    assert entry["verdict"] in ("accepted", "ignored"), entry
    assert not entry["retain"]
    body = entry["body"]
    assert (body["type"], body["action"]) == ("print", action)
    assert isinstance(body["data"]["taskid"], str) and body["data"]["taskid"]
    assert body["msgid"] and body["timestamp"] > 1_700_000_000_000


def check_stream(responses, done, matched):
    """accepted first, done last and once; each printer's result before it; one id, times in order."""
    events = [each["event"] for each in responses]
    assert events[0] == "accepted" and events[-1] == "done", events
    counts = collections.Counter(events)
    assert counts["accepted"] == counts["done"] == 1 and counts["execution"] >= 1, events
    assert counts["progress"] >= 1, events
    assert len({each["id"] for each in responses}) == 1
    times = [each["at"] for each in responses]
    assert times == sorted(times) and all(contract.is_time(each) for each in times)
    assert responses[0]["matched"] == matched and responses[0]["target_hash"]
    for progress in (each for each in responses if each["event"] == "progress"):
        assert sum(progress[name] for name in ("queued", "sent", "succeeded", "failed", "timed_out",
                                               "sent_unconfirmed")) <= matched
    results = [execution["printer_id"] for each in responses if each["event"] == "execution"
               for execution in each["executions"]
               if execution["state"] not in ("queued", "sent", "acknowledged")]
    assert len(results) == len(set(results)) == matched
    assert sum(by_state(done).values()) == matched
    assert done["duration_ms"] >= 0


def check_clean(farm):
    """Good use leaves no dead letter, no line of an error, no message a printer does not understand,
    and nothing open."""
    assert farm.database.rows("SELECT topic, reason FROM fleet.dead_letters") == []
    errors = [line for line in farm.daemon.log_text().splitlines() if line.startswith("error ")]
    assert errors == []
    verdicts = collections.Counter(entry["verdict"] for sim in farm.sims for entry in sim.received())
    assert not verdicts["malformed"] and not verdicts["unknown"], verdicts
    wait.until(lambda: "printfleet_open_commands 0" in farm.daemon.http("/metrics")[1],
               "no open commands", 20)
    assert farm.database.one("SELECT count(*) FROM fleet.commands WHERE finished_at IS NULL") == 0
