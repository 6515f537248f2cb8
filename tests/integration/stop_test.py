"""A stop always goes out: whatever has failed and whatever the printer's state, how long it takes from
the request's publish until the printer has the message. The figures are printed; what is asserted
is only that they are no matter of waiting. Afterwards the tables know of it.

STOP_BACKLOG says behind how many reports (20000)."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness import fault, mqtt, stops, wait
from harness.farm import Daemon, free_port
from harness.sim import Simulator

BACKLOG = int(os.environ.get("STOP_BACKLOG", "20000"))
STOP_S = 2.0
BEHIND_S = 15.0  # the slowest of many, on a machine that has the database beside it
SHORT = {
    "database": {"request_timeout_ms": 1500, "connect_timeout_ms": 1000},
    "inbound": {"hold_time_ms": 2000, "heartbeat_interval_ms": 300, "deaf_after_ms": 3000},
}
# Both topic forms among them.
FEW = ["--printers", 4, "--seed", 95, "--firmware", "3.1.0,3.0.9", "--report-interval", 1,
       "--reconnect-ms-max", 1000]
LOAD = ["--printers", 50, "--rate", 1000, "--seed", 96, "--id-prefix", "f0",
        "--reconnect-ms-max", 1000]


def figure(what, seconds):
    print(f"\nstop, {what}: {seconds * 1000:.0f} ms")
    assert seconds < STOP_S, f"{what}: {seconds:.2f} s"


def wait_known(daemon, sim):
    """Until the daemon knows which topics each printer listens to, also without its database."""
    sim.wait_online()
    snapshot = daemon.data_dir / "printers.snapshot"

    def known():
        lines = snapshot.read_text().splitlines() if snapshot.exists() else []
        return all(any(each.id in line and '"firmware":"3' in line for line in lines)
                   for each in sim.printers)

    wait.until(known, "every printer's firmware is known", 30)


def all_of(sim):
    return {"printers": [printer.id for printer in sim.printers]}


def check_rows(daemon, sim, request_id):
    with daemon.database() as database:
        stops.check_stop_rows(database, sim, request_id,
                              ("sent_unconfirmed", "succeeded", "failed", "timed_out"))


@contextlib.contextmanager
def server(daemon, what):
    """`printfleet broker` or `database`; yields a list whose last member is the running process."""
    processes = [stops.start_server(daemon, what)]
    try:
        yield processes
    finally:
        processes[-1].send_signal(signal.SIGTERM)
        processes[-1].wait(30)


def kill_with_all_below(process):
    pids = [process.pid, *fault.descendants(process.pid)]
    for pid in pids:
        fault.kill(pid)
    process.wait(10)
    fault.wait_gone(pids[1:])


def test_with_the_database_hung_dead_and_dead_from_the_start():
    daemon = Daemon({**SHORT, "database": {**SHORT["database"], "lifetime": "own"}})
    with server(daemon, "database") as database, daemon, \
            Simulator(daemon.mqtt_port, *FEW) as sim, mqtt.Person(daemon.mqtt_port) as person:
        wait_known(daemon, sim)
        requests = []
        with fault.stopped(fault.descendants(database[-1].pid)):
            request, seconds = stops.stop_all(person, sim)
            figure("PostgreSQL stopped", seconds)
            requests.append(request)
            wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 10)
            stops.check_stop_answer(person, sim, request)
        kill_with_all_below(database[-1])
        wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 10)
        request, seconds = stops.stop_all(person, sim)
        figure("PostgreSQL dead", seconds)
        requests.append(request)
        stops.check_stop_answer(person, sim, request)
        # The same one again stops nothing that was begun meanwhile, also after a restart.
        received = stops.stops_received(sim)

        def again(answers):
            person.send("print.stop", all_of(sim), request_id=request, timeout_s=10)
            wait.until(lambda: len([each for each in person.responses(request)
                                    if each["event"] == "done"]) >= answers, "its answer", 20,
                       lambda: person.responses(request))
            assert stops.stops_received(sim) == received

        again(2)
        daemon.kill()
        # Its broker goes with it. Else those that have not noticed yet would count as back.
        wait.until(lambda: not any(online for online, _, _ in sim.states().values()),
                   "the printers have lost the broker", 30)
        daemon.start(ready=False)
        sim.wait_online()
        again(3)
        last, seconds = stops.stop_all(person, sim)
        figure("PostgreSQL dead from the start", seconds)
        requests.append(last)
        received = stops.stops_received(sim)
        database.append(stops.start_server(daemon, "database"))
        daemon.wait_ready(60)
        for each in requests:
            check_rows(daemon, sim, each)
        again(4)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_with_the_disk_full():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="full-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", directory], check=True)
    try:
        with Daemon(SHORT, directory=directory) as daemon, \
                Simulator(daemon.mqtt_port, *FEW) as sim, \
                Simulator(daemon.mqtt_port, *LOAD) as load, mqtt.Person(daemon.mqtt_port) as person:
            wait_known(daemon, sim)
            load.wait_online()
            fill = directory / "fill"
            with open(fill, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"\0" * (1 << 16)):
                    pass
            wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 60)
            free = shutil.disk_usage(directory).free
            requests = []
            for number in range(3):
                request, seconds = stops.stop_all(person, sim)
                figure(f"disk full, {free} bytes free, the {number + 1}. one", seconds)
                requests.append(request)
                assert person.final(request, 30)["event"] == "done"
            load.stop()
            assert daemon.alive()
            received = stops.stops_received(sim)
            fill.unlink()
            wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", 120)
            for request in requests:
                check_rows(daemon, sim, request)
            assert stops.stops_received(sim) == received, "a stop was sent again"
            with daemon.database() as database:
                fault.wait_stored(database, load.ledger() + sim.ledger(), 120)
    finally:
        subprocess.run(["umount", directory], check=True)
        directory.rmdir()


@pytest.fixture(scope="module", name="site")
def site_fixture():
    fleet = {"enrolment": "manual", "silent_after_s": 5, "query_timeout_s": 1}
    with Daemon({"fleet": fleet}) as daemon, Simulator(daemon.mqtt_port, *FEW) as sim, \
            mqtt.Person(daemon.mqtt_port) as person:
        wait_known(daemon, sim)
        yield daemon, sim, person


def column(daemon, sim, what):
    with daemon.database() as database:
        return set(database.column(
            f"SELECT {what} FROM fleet.printers JOIN fleet.printer_status USING (printer_id) "
            "WHERE printer_id = ANY(%s)", all_of(sim)["printers"]))


def stop_now(site, what):
    daemon, sim, person = site
    request, seconds = stops.stop_all(person, sim)
    figure(what, seconds)
    done = person.final(request)
    assert done["event"] == "done" and done["skipped"] == 0, done
    check_rows(daemon, sim, request)


def test_of_pending_printers(site):
    assert column(site[0], site[1], "enrolment") == {"pending"}
    stop_now(site, "pending")


def test_of_idle_printers_in_maintenance_and_on_hold(site):
    daemon, sim, person = site
    assert person.call("printer.enroll", all_of(sim))["succeeded"] == len(sim.printers)
    wait.equal(lambda: column(daemon, sim, "state"), {"idle"}, "states", 20)
    stop_now(site, "idle")
    assert person.call("printer.set", all_of(sim), {"maintenance": "belt"})["event"] == "done"
    stop_now(site, "in maintenance")
    assert person.call("fleet.hold", None, {"reason": "fire drill"})["event"] == "done"
    stop_now(site, "on hold, in maintenance")
    assert person.call("fleet.release")["event"] == "done"
    assert person.call("printer.set", all_of(sim), {"maintenance": None})["event"] == "done"


def test_of_printers_believed_offline(site):
    daemon, sim, _ = site
    for printer in sim.printers:
        sim.tell(f"silence {printer.id}")
    wait.equal(lambda: column(daemon, sim, "online"), {False}, "online", 30)
    stop_now(site, "believed offline")
    for printer in sim.printers:
        sim.tell(f"speak {printer.id}")


def test_of_a_printer_whose_firmware_nobody_knows(site):
    """Two messages, one for each form of topics; a printer listens to one of them."""
    daemon, _, person = site
    printer_id = "5a" * 16
    base = f"anycubic/anycubicCloud/v1/server/printer/20021/{printer_id}"
    with mqtt.Client(daemon.mqtt_port, client_id=printer_id) as printer:
        printer.subscribe(f"{base}/#")
        printer.publish(f"anycubic/anycubicCloud/v1/printer/public/20021/{printer_id}/status/report",
                        '{"type":"status","action":"workReport","state":"free","code":200,"msg":"",'
                        '"msgid":"first","timestamp":1700000000000,"data":null}')
        wait.until(lambda: any(each["printer_id"] == printer_id for each in
                               person.ask("printer.list")["printers"]), "it is known", 20)
        begin = time.monotonic()
        request = person.send("print.stop", {"printers": [printer_id]}, timeout_s=2)

        def both():
            found = [each for each in printer.seen(prefix=f"{base}/print") if b'"stop"' in each.payload]
            return found if len(found) >= 2 else None

        found = wait.until(both, "both messages", 20)
        figure("firmware unknown", max(each.at for each in found) - begin)
        assert {each.topic for each in found} == {f"{base}/print", f"{base}/print/stop"}
        assert person.final(request)["event"] == "done"


def test_behind_a_backlog():
    port = free_port()
    daemon = Daemon({**SHORT, "broker": {"lifetime": "own",
                                         "listeners": [{"address": "127.0.0.1", "port": port}]}})
    with server(daemon, "broker"), daemon, Simulator(port, *FEW) as sim, mqtt.Person(port) as person:
        wait_known(daemon, sim)
        assert daemon.stop() == 0
        begin = time.monotonic()
        with Simulator(port, "--printers", 200, "--rate", 100_000, "--messages", BACKLOG, "--seed", 97,
                       "--id-prefix", "b0") as flood:
            assert flood.process.wait(900) == 0, flood.log.read_text()
        queued_s = time.monotonic() - begin
        ids = [printer.id for printer in flood.printers]
        begin = time.monotonic()
        log_size = len(daemon.log_text())
        daemon.start(ready=False)
        wait.until(lambda: "info database: connected" in daemon.log_text()[log_size:],
                   "it has its database", 30)
        with daemon.database() as database:
            def stored():
                return database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = ANY(%s)",
                                    ids)

            wait.until(stored, "the first of them are stored", 60)
            behind = []
            while (left := BACKLOG - stored()) > 0:
                request, seconds = stops.stop_all(person, sim)
                behind.append((seconds, left))
                assert person.final(request)["event"] == "done"
                check_rows(daemon, sim, request)
                assert time.monotonic() - begin < 60 + BACKLOG / 300, f"{stored()} of {BACKLOG}"
            took = time.monotonic() - begin
            assert behind, "the backlog was read before the first stop could be sent"
            fault.wait_stored(database, flood.ledger(), 120)
        print(f"\n{BACKLOG} reports: queued in {queued_s:.0f} s, read in {took:.0f} s; "
              f"{len(behind)} stops behind them")
        figure(f"behind {behind[0][1]} reports", behind[0][0])
        figure("behind the backlog, the median", sorted(behind)[len(behind) // 2][0])
        slowest, left = max(behind)
        print(f"the slowest, with {left} left: {slowest * 1000:.0f} ms")
        assert slowest < BEHIND_S
