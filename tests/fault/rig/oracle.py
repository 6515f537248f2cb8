"""What must hold after any fault, whatever was said and done meanwhile."""
import collections
import json

from harness import wait
from harness.mqtt import FLEET, Client

REPORTS = "SELECT msgid FROM fleet.report_log WHERE msgid LIKE %s ORDER BY seq"
OPEN = ("queued", "sent", "acknowledged")


class Reports:
    """The load's reports in fleet.report_log. `lost_with` (below) is what a broker may take with it."""

    def __init__(self, database, load):
        self.database, self.load = database, load
        self.lost_between = []  # (saved_at, killed_at) of brokers

    def lost_with_broker(self, saved_at, killed_at):
        """The broker wrote its queues to disk at `saved_at` and was killed at `killed_at`: what it had
        acknowledged between may be gone with it, but is not stored twice."""
        self.lost_between.append((saved_at, killed_at))

    def forgiven(self):
        """Asked each time: the load may still read what a broker wrote before it was killed."""
        return self.load.acknowledged(lambda ack: any(
            ack.at >= saved_at and ack.opened_at < killed_at
            for saved_at, killed_at in self.lost_between))

    def stored(self):
        """{printer's index: its numbers, in the order of report_log.seq}"""
        found = collections.defaultdict(list)
        for msgid in self.database.column(REPORTS, f"{self.load.run}-%"):
            _, index, number = msgid.split("-")
            found[int(index)].append(int(number))
        return found

    def missing(self, wanted, stored):
        forgiven = self.forgiven()
        found = {index: sorted(numbers - set(stored[index]) - forgiven[index])
                 for index, numbers in wanted.items()}
        return {index: numbers for index, numbers in found.items() if numbers}

    def check(self, timeout_s=15.0, ordered=True):
        """All that is acknowledged now is stored, or will be in `timeout_s`; once; in order."""
        wanted = self.load.acknowledged()
        wait.until(lambda: not self.missing(wanted, self.stored()),
                   f"{sum(map(len, wanted.values()))} acknowledged reports are stored", timeout_s,
                   lambda: f"missing {brief(self.missing(wanted, self.stored()))}")
        stored = self.stored()
        twice = {index: [number for number, times in collections.Counter(numbers).items() if times > 1]
                 for index, numbers in stored.items()}
        twice = {index: numbers for index, numbers in twice.items() if numbers}
        assert not twice, f"stored more than once: {brief(twice)}"
        if ordered:
            late = {index: [after for before, after in zip(numbers, numbers[1:]) if after < before]
                    for index, numbers in stored.items()}
            late = {index: numbers for index, numbers in late.items() if numbers}
            assert not late, f"stored out of order: {brief(late)}"
        return sum(map(len, wanted.values()))

    def check_last_readings(self, timeout_s=10.0):
        """printer_status has the last thing each printer said. Only while the load is quiet."""
        def wrong():
            rows = self.database.rows("SELECT printer_id, nozzle_temp_c FROM fleet.printer_status")
            known = {row["printer_id"]: row["nozzle_temp_c"] for row in rows}
            return {printer.id[:4]: (known.get(printer.id), printer.temperature(printer.sent))
                    for printer in self.load.numbered()
                    if printer.sent and known.get(printer.id) != printer.temperature(printer.sent)}

        wait.until(lambda: not wrong(), "the last readings are known", timeout_s, wrong)


def brief(numbers):
    return {index: f"{len(found)}: {found[:4]}…{found[-1]}" for index, found in numbers.items()}


def check_nothing_refused(farm):
    """No report of good printers is a dead letter; the broker dropped nothing."""
    assert farm.database.rows("SELECT topic, reason, payload FROM fleet.dead_letters LIMIT 3") == []
    for line in farm.daemon.http("/metrics")[1].splitlines():
        if line.startswith("printfleet_broker_dropped_messages_total "):
            assert float(line.split()[1]) == 0, line


def check_commands(farm, stops_arrive=True):
    """All orders have been answered: the tables and the printers agree. `stops_arrive`: there was
    a way to the printers; else it is enough that none is said to have succeeded that did not."""
    starts, stopped = collections.Counter(), collections.defaultdict(int)
    for entry in farm.printers_received():
        body = entry["body"]
        if (body.get("type"), body.get("action")) == ("print", "start"):
            starts[entry["printer_id"], body["data"]["taskid"]] += 1
        if (body.get("type"), body.get("action")) == ("print", "stop"):
            stopped[entry["printer_id"]] = entry["offset"]
    twice = {key: times for key, times in starts.items() if times > 1}
    assert not twice, f"a print.start came twice: {twice}"
    started = collections.Counter(printer_id for printer_id, _ in starts)
    asked = collections.Counter(order.printer_id for order in farm.orders.given
                                if order.command == "print.start")
    more = {printer_id: times for printer_id, times in started.items() if times > asked[printer_id]}
    assert not more, f"more starts than were asked for: {more}"
    for order in farm.orders.unchecked:
        rows = farm.database.rows(
            "SELECT c.state, e.printer_id, e.state AS execution FROM fleet.commands c LEFT JOIN "
            "fleet.command_executions e USING (command_id) WHERE request_id = %s", order.request_id)
        unended = [row for row in rows if row["state"] == "accepted" or row["execution"] in OPEN]
        assert not unended, (order, unended)
        if order.command == "print.stop" and (stops_arrive or order.final.get("succeeded")):
            # One to a printer that never began is not repeated when that says that it stands still.
            still = not order.final.get("succeeded") and \
                STATES.get(farm.sim.states()[order.printer_id][1]) == "idle"
            assert still or stopped[order.printer_id] >= order.journal, \
                f"a stop did not arrive: {order}\n{history(farm, order)}"
        # Refused; a second copy of it is a new try.
        if order.once and order.final.get("reason") == "unavailable":
            assert not rows, (order, rows)
            if order.command == "print.start":
                assert started[order.printer_id] < asked[order.printer_id], f"refused and sent: {order}"
    farm.orders.unchecked.clear()


def history(farm, order):
    """What is known of an order and of its printer: for the reader of a failure."""
    executions = farm.database.rows(
        "SELECT e.*, c.command, c.created_at FROM fleet.command_executions e JOIN fleet.commands c USING (command_id) "
        "WHERE printer_id = %s ORDER BY command_id DESC LIMIT 4", order.printer_id)
    received = [entry for entry in farm.printers_received() if entry["printer_id"] == order.printer_id]
    return "\n".join(map(str, [farm.sim.states()[order.printer_id], *executions, *received[-6:]]))


def wait_commands_ended(farm, timeout_s=30.0):
    def unended():
        return farm.database.rows(
            "SELECT request_id, command, c.state, e.state AS execution, e.printer_id FROM "
            "fleet.commands c LEFT JOIN fleet.command_executions e USING (command_id) WHERE "
            "c.state = 'accepted' OR e.state = ANY(%s)", list(OPEN))

    wait.until(lambda: not unended(), "every accepted command has ended", timeout_s, unended)


# How the simulator's word and ours go together; others are on their way from one to the next.
STATES = {"free": "idle", "idle": "idle", "printing": "printing"}


def check_printers(farm, timeout_s=20.0):
    """Tables and retained documents say of each simulated printer what it says itself; its job is open
    while it prints, and no other."""
    def wrong():
        truth = farm.sim.states()
        rows = {row["printer_id"]: row for row in farm.database.rows(
            "SELECT s.printer_id, s.state, s.online, (SELECT count(*) FROM fleet.jobs j WHERE "
            "j.printer_id = s.printer_id AND j.state <> 'ended') AS jobs FROM fleet.printer_status s")}
        found = {}
        for printer_id, (online, phase, _) in truth.items():
            row = rows.get(printer_id, {})
            state = STATES.get(phase)
            says = (row.get("online"), row.get("state"), row.get("jobs"))
            if online and state and says != (True, state, 1 if state == "printing" else 0):
                found[printer_id[:6]] = (phase, says)
        return found

    wait.until(lambda: not wrong(), "the tables agree with the printers", timeout_s, wrong)

    def stale():
        rows = {row["printer_id"]: row["state"] for row in farm.database.rows(
            "SELECT printer_id, state FROM fleet.printer_status JOIN fleet.printers USING (printer_id) "
            "WHERE enrolment <> 'retired'")}
        retained = retained_states(farm.port, len(rows))
        return {printer_id[:6]: (state, retained.get(printer_id)) for printer_id, state in rows.items()
                if retained.get(printer_id) != state}

    wait.until(lambda: not stale(), "the retained states agree with the tables", timeout_s, stale)


def retained_states(port, at_least):
    """{printer_id: state} of what is retained; waits until that are `at_least` so many, or a second."""
    with Client(port) as client:
        client.subscribe(f"{FLEET}/printers/+/state")
        try:
            wait.until(lambda: len(client.seen()) >= at_least, "retained states", 1)
        except AssertionError:
            pass
        return {message.topic.split("/")[3]: json.loads(message.payload)["state"]
                for message in client.seen() if message.payload}
