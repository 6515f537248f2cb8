"""Commands that start, heat and set, and what holds them back."""
import hashlib
import http.server
import threading

import pytest

from harness import commands, wait


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with commands.commanded_farm() as farm:
        yield farm


CONTENT = b"; a print\nG28\nG1 X10 Y10\n" * 4000


@pytest.fixture(scope="module", name="files")
def files_fixture():
    class Handler(http.server.BaseHTTPRequestHandler):
        asked = []

        def do_GET(self):
            self.asked.append(self.path)
            self.send_response(200 if self.path.endswith(".gcode") else 404)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.asked = Handler.asked
    yield server
    server.shutdown()
    server.server_close()


def start_args(files, name, **more):
    return {"url": f"http://127.0.0.1:{files.server_port}/{name}", "filename": name,
            "md5": hashlib.md5(CONTENT).hexdigest(), "size_bytes": len(CONTENT), **more}


def test_a_start_needs_a_clear_bed(farm, files):
    printer = farm.quick.printers[0]
    with farm.sends_nothing():
        request = farm.person.send("print.start", {"printers": [printer.id]},
                                   start_args(files, "early.gcode"))
        assert farm.person.final(request)["skipped"] == 1
        assert commands.skip_reasons(farm, request) == {printer.id: "bed_not_clear"}
    assert not files.asked


def test_start_from_a_url_to_its_end(farm, files):
    printers = farm.quick.printers[:2]
    for printer in printers:
        farm.bed(printer, "clear")
    with farm.sending() as news:
        request = farm.person.send("print.start", {"printers": [each.id for each in printers]},
                                   start_args(files, "clip.gcode"))
        done = farm.person.final(request)
    assert done["event"] == "done" and done["succeeded"] == 2, (done, farm.person.responses(request))
    assert len(news) == 2
    tasks = {}
    for entry in news:
        printer = next(each for each in printers if each.id == entry["printer_id"])
        commands.check_wire(entry, printer, "start")
        wire = entry["body"]["data"]
        assert wire["taskid"].isdecimal() and wire["filetype"] == 0 and wire["task_mode"] == 1
        assert wire["filename"] == "clip.gcode" and wire["filesize"] == len(CONTENT)
        tasks[printer.id] = wire["taskid"]
    assert len(set(tasks.values())) == 2
    for printer in printers:
        where = "printer_id = %s AND task_id = %s"
        job = farm.database.rows(f"SELECT * FROM fleet.jobs WHERE {where}", printer.id,
                                 tasks[printer.id])
        assert len(job) == 1 and job[0]["source"] == "command", job
        assert job[0]["command_id"] == done["command_id"]
        assert job[0]["filename"] == "clip.gcode"
        wait.equal(lambda i=job[0]["job_id"]: farm.database.one(
            "SELECT outcome FROM fleet.jobs WHERE job_id = %s", i), "finished", "its outcome", 60)
        assert farm.database.one("SELECT count(*) FROM fleet.jobs WHERE printer_id = %s",
                                 printer.id) == 1
        assert farm.database.one("SELECT bed FROM fleet.printers WHERE printer_id = %s",
                                 printer.id) == "occupied"


def test_an_occupied_bed_refuses_and_a_cleared_one_does_not(farm, files):
    printer = farm.quick.printers[0]
    farm.wait_state(printer, "idle")
    with farm.sends_nothing():
        request = farm.person.send("print.start", {"printers": [printer.id]},
                                   start_args(files, "two.gcode", bed_unknown_ok=True))
        farm.person.final(request)
        assert commands.skip_reasons(farm, request) == {printer.id: "bed_not_clear"}
    farm.bed(printer, "clear")
    done = farm.person.call("print.start", {"printers": [printer.id]}, start_args(files, "two.gcode"))
    assert done["succeeded"] == 1, done
    # While it prints: busy.
    request = farm.person.send("print.start", {"printers": [printer.id]},
                               start_args(files, "three.gcode"))
    farm.person.final(request)
    assert commands.skip_reasons(farm, request) == {printer.id: "busy"}
    stopped = farm.person.call("print.stop", {"printers": [printer.id]})
    assert stopped["succeeded"] == 1, stopped
    wait.equal(lambda: farm.database.one(
        "SELECT outcome FROM fleet.jobs WHERE printer_id = %s AND filename = 'two.gcode'",
        printer.id), "stopped", "its outcome")
    farm.wait_state(printer, "idle")


def test_start_of_a_file_the_printer_has(farm):
    printer = farm.quick.printers[2]
    listed = farm.person.call("file.list_local", {"printers": [printer.id]}, reply="final")
    name = listed["executions"][0]["result"]["files"][0]["filename"]
    done = farm.person.call("print.start", {"printers": [printer.id]},
                            {"file": {"storage": "local", "path": "/", "filename": name},
                             "bed_unknown_ok": True})
    assert done["succeeded"] == 1, done
    wait.equal(lambda: farm.database.one("SELECT outcome FROM fleet.jobs WHERE printer_id = %s",
                                         printer.id), "finished", "its outcome", 60)


def test_a_start_that_fails_carries_the_printers_own_words(farm, files):
    printer = farm.quick.printers[1]
    farm.wait_state(printer, "idle")
    farm.bed(printer, "clear")
    args = start_args(files, "broken.gcode", md5="0" * 32)
    request = farm.person.send("print.start", {"printers": [printer.id]}, args)
    done = farm.person.final(request)
    assert done["failed"] == 1, done
    execution = farm.person.executions(request)[printer.id]
    assert execution["code"] == 10113 and execution["message"], execution
    wait.equal(lambda: farm.database.rows(
        "SELECT outcome, error_code FROM fleet.jobs WHERE printer_id = %s AND filename = %s",
        printer.id, "broken.gcode"), [{"outcome": "failed", "error_code": 10113}], "the job")


# -- Hold, maintenance, heat --

def test_hold_refuses_starts_and_heat_and_never_a_stop(farm, files):
    printer = farm.quick.printers[0]
    farm.wait_state(printer, "idle")
    farm.bed(printer, "clear")
    assert farm.person.call("fleet.hold", args={"reason": "fire drill"})["event"] == "done"
    with farm.sends_nothing():
        for command, args in (("print.start", start_args(files, "held.gcode")),
                              ("print.update", {"bed_target_c": 50, "unattended_ok": True})):
            request = farm.person.send(command, {"printers": [printer.id]}, args)
            farm.person.final(request)
            assert commands.skip_reasons(farm, request) == {printer.id: "hold"}, command
    with farm.sending() as news:
        done = farm.person.call("print.stop", {"printers": [printer.id]}, timeout_s=10)
        assert done["skipped"] == 0, done
        done = farm.person.call("print.update", {"printers": [printer.id]},
                                {"bed_target_c": 0, "nozzle_target_c": 0})
        assert done["succeeded"] == 1, done
    assert [entry["body"]["action"] for entry in news] == ["stop", "update"]
    assert farm.person.call("fleet.release")["event"] == "done"
    farm.bed(printer, "clear")
    done = farm.person.call("print.start", {"printers": [printer.id]}, start_args(files, "free.gcode"))
    assert done["succeeded"] == 1, done
    assert farm.person.call("print.stop", {"printers": [printer.id]})["succeeded"] == 1


def test_maintenance_refuses_a_start_and_not_a_stop(farm, files):
    printer = farm.quick.printers[2]
    farm.wait_state(printer, "idle")
    farm.bed(printer, "clear")
    target = {"printers": [printer.id]}
    assert farm.person.call("printer.set", target, {"maintenance": "nozzle"})["succeeded"] == 1
    request = farm.person.send("print.start", target, start_args(files, "no.gcode"))
    farm.person.final(request)
    assert commands.skip_reasons(farm, request) == {printer.id: "maintenance"}
    assert farm.person.call("print.stop", target, timeout_s=10)["skipped"] == 0
    assert farm.person.call("printer.set", target, {"maintenance": None})["succeeded"] == 1


def test_heating_an_idle_printer_needs_a_word(farm):
    printer = farm.sim.of_model("K2Max")[0]
    target = {"printers": [printer.id]}
    with farm.sends_nothing():
        request = farm.person.send("print.update", target, {"bed_target_c": 50})
        farm.person.final(request)
        assert commands.skip_reasons(farm, request) == {printer.id: "no_job"}
    done = farm.person.call("print.update", target, {"bed_target_c": 50, "unattended_ok": True})
    assert done["succeeded"] == 1, done
    wait.equal(lambda: farm.database.one(
        "SELECT bed_target_c FROM fleet.printer_status WHERE printer_id = %s", printer.id), 50,
        "its target")
    assert farm.person.call("print.update", target, {"bed_target_c": 0})["succeeded"] == 1
    wait.equal(lambda: farm.database.one(
        "SELECT bed_target_c FROM fleet.printer_status WHERE printer_id = %s", printer.id), 0,
        "its target")


def test_settings_of_a_printer_that_prints(farm):
    printer = farm.sim.of_model("K2Max")[1]
    farm.print_at_panel(printer, "4711")
    args = {"nozzle_target_c": 215, "bed_target_c": 65, "fan_ratio": 0.4, "print_speed_mode": "sport",
            "z_offset_mm": 0.05}
    with farm.sending() as news:
        done = farm.person.call("print.update", {"printers": [printer.id]}, args)
    assert done["succeeded"] == 1, done
    settings = news[0]["body"]["data"]["settings"]
    assert news[0]["body"]["data"]["taskid"] == "4711"
    assert (settings["target_nozzle_temp"], settings["target_hotbed_temp"],
            settings["fan_speed_pct"], settings["print_speed_mode"]) == (215, 65, 40, 3)
    wait.until(lambda: farm.database.rows(
        "SELECT 1 FROM fleet.printer_status WHERE printer_id = %s AND nozzle_target_c = 215 AND "
        "bed_target_c = 65 AND fan_ratio = 0.4 AND print_speed_mode = 'sport' AND z_offset_mm = 0.05",
        printer.id), "its settings are stored", 15, lambda: farm.database.rows(
            "SELECT * FROM fleet.printer_status WHERE printer_id = %s", printer.id))
    farm.stop_printing(printer)


def test_if_job_holds_back_when_it_is_another(farm):
    printer = farm.sim.of_model("K2Max")[2]
    farm.print_at_panel(printer)
    job = farm.database.one("SELECT job_id FROM fleet.printer_status WHERE printer_id = %s", printer.id)
    assert job
    with farm.sends_nothing():
        request = farm.person.send("print.stop", {"printers": [printer.id]}, {"if_job": job + 1000})
        farm.person.final(request)
        assert commands.skip_reasons(farm, request) == {printer.id: "no_job"}
    assert farm.person.call("print.stop", {"printers": [printer.id]}, {"if_job": job})["succeeded"] == 1
    wait.equal(lambda: farm.database.one("SELECT outcome FROM fleet.jobs WHERE job_id = %s", job),
               "stopped", "its outcome")


def test_the_other_questions(farm):
    target = {"printers": ["a-01"]}
    for command, check in (("ota.report_version", None), ("print.slice_params", None),
                           ("print.query", lambda result: result["no_job"] is True),
                           ("file.list_usb", lambda result: isinstance(result["files"], list)),
                           ("video.start_capture", None)):
        done = farm.person.call(command, target, reply="final")
        assert done["event"] == "done", (command, done)
        execution = done["executions"][0]
        if command != "print.slice_params":
            assert execution["state"] == "succeeded", (command, execution)
        if check:
            assert check(execution["result"]), (command, execution)


def test_delete_a_file(farm):
    printer = farm.sim.printers[6]
    target = {"printers": [printer.id]}
    listed = farm.person.call("file.list_local", target, reply="final")["executions"][0]["result"]
    name = listed["files"][0]["filename"]
    done = farm.person.call("file.delete_local", target, {"path": "/", "filename": name})
    assert done["succeeded"] == 1, done
    left = farm.person.call("file.list_local", target, reply="final")["executions"][0]["result"]
    assert name not in [each["filename"] for each in left["files"]]
    request = farm.person.send("file.delete_local", target, {"path": "/", "filename": name})
    assert farm.person.final(request)["failed"] == 1
    assert farm.person.executions(request)[printer.id]["code"] == 11001


def test_secrets_are_not_stored(farm):
    request = farm.person.send("video.start_capture", {"printers": ["a-01"]}, {
        "region": "r", "tmp_secret_key": "hush-key", "tmp_secret_id": "hush-id",
        "session_token": "hush-token"})
    assert farm.person.final(request)["succeeded"] == 1
    args = farm.database.one("SELECT args::text FROM fleet.commands WHERE request_id = %s", request)
    assert "hush" not in args and '"***"' in args
    audit = "".join(farm.database.column("SELECT coalesce(args::text, '') FROM fleet.audit_log"))
    assert "hush" not in audit and "hush" not in farm.daemon.log_text()


def test_jobs(farm):
    printer = farm.quick.printers[0]
    jobs = farm.person.ask("job.list", {"printers": [printer.id]})["jobs"]
    assert {each["filename"] for each in jobs} >= {"clip.gcode", "two.gcode", "free.gcode"}
    numbers = [each["job_id"] for each in jobs]
    assert numbers == sorted(numbers, reverse=True)
    finished = farm.person.ask("job.list", {"printers": [printer.id]}, {"outcome": "finished"})["jobs"]
    assert {each["outcome"] for each in finished} == {"finished"}
    job = finished[0]["job_id"]
    done = farm.person.call("job.set", args={"job_id": job, "verdict": "scrap", "note": "warped"})
    assert done["event"] == "done", done
    got = farm.person.ask("job.get", args={"job_id": job})
    got = got.get("job", got)
    assert (got["verdict"], got["note"], got["filename"]) == ("scrap", "warped", "clip.gcode")
    assert farm.database.one("SELECT verdict FROM fleet.jobs WHERE job_id = %s", job) == "scrap"
    refused = farm.person.call("job.get", args={"job_id": 999999})
    assert (refused["event"], refused["reason"]) == ("rejected", "not_found")
    refused = farm.person.call("job.set", args={"job_id": job, "verdict": "fine"})
    assert (refused["event"], refused["reason"]) == ("rejected", "out_of_range")


def test_good_use_leaves_nothing_behind(farm):
    commands.check_clean(farm)
