"""job.reprint: ended jobs printed again, from the command that began them and from the printer's own
list of files; and what a job's life leaves in the tables and the metrics."""
import uuid

import pytest

from harness import commands, wait


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with commands.commanded_farm() as farm:
        yield farm


def starts(news):
    return [entry["body"]["data"] for entry in news
            if entry["body"]["type"] == "print" and entry["body"]["action"] == "start"]


def ended_at_panel(farm, printer, filename):
    """A job of the panel, stopped there; its id. The bed is clear again."""
    farm.sim.tell(f"panel-start {printer.id} {filename} -1")
    farm.wait_state(printer, "printing")
    farm.stop_printing(printer)
    farm.bed(printer, "clear")
    return wait.until(lambda: farm.database.one(
        "SELECT max(job_id) FROM fleet.jobs WHERE printer_id = %s AND outcome IS NOT NULL",
        printer.id), "the job has ended", 20)


def listed_file(farm, printer):
    done = farm.person.call("file.list_local", {"printers": [printer.id]})
    assert done["succeeded"] == 1, done
    return farm.database.one("SELECT min(filename) FROM fleet.printer_files WHERE printer_id = %s AND "
                             "filename_raw IS NULL AND NOT is_directory", printer.id)


def test_a_panels_job_is_printed_again_from_its_file(farm):
    printer = farm.sim.printers[0]
    filename = listed_file(farm, printer)
    job = ended_at_panel(farm, printer, "/mnt/UDISK/" + filename)
    request = str(uuid.uuid4())
    with farm.sending() as news:
        done = farm.person.call("job.reprint", args={"job_id": job}, request_id=request)
        assert done["event"] == "done" and done["succeeded"] == 1, done
        again = farm.person.call("job.reprint", args={"job_id": job}, request_id=request)
        assert again["event"] == "done", again
    sent = starts(news)
    assert len(sent) == 1, "the same request starts once"
    assert (sent[0]["filename"], sent[0]["filepath"], sent[0]["filetype"]) == (filename, "/", 1)
    farm.wait_state(printer, "printing")
    row = farm.database.rows("SELECT source, filename, c.command, c.request_id FROM fleet.jobs JOIN "
                             "fleet.commands c USING (command_id) WHERE task_id = %s",
                             sent[0]["taskid"])[0]
    assert (row["source"], row["filename"], row["command"], row["request_id"]) == (
        "command", filename, "print.start", request)

    # That one was begun by a command: the same again, on a bed that somebody has cleared.
    farm.stop_printing(printer)
    job = farm.database.one("SELECT max(job_id) FROM fleet.jobs WHERE printer_id = %s", printer.id)
    request = farm.person.send("job.reprint", None, {"job_id": job})
    assert farm.person.final(request)["skipped"] == 1
    assert commands.skip_reasons(farm, request) == {printer.id: "bed_not_clear"}
    farm.bed(printer, "clear")
    with farm.sending() as news:
        done = farm.person.call("job.reprint", args={"job_id": job})
        assert done["succeeded"] == 1, done
    assert [each["filename"] for each in starts(news)] == [filename]
    farm.stop_printing(printer)


def test_what_cannot_be_printed_again_is_refused(farm):
    printer = farm.sim.printers[1]
    job = ended_at_panel(farm, printer, "nobody-listed-this.gcode")
    other_model = next(each for each in farm.sim.printers if each.model != printer.model)
    with farm.sends_nothing():
        for args, target, reason in [
                ({"job_id": 999999}, None, "not_found"),
                ({"job_id": job}, None, "unsupported"),
                ({"job_id": job}, {"printers": [other_model.id]}, "unsupported"),
                ({"job_id": job}, {"all": True}, "too_many"),
                ({}, None, "missing_argument")]:
            refused = farm.person.call("job.reprint", target, args)
            assert (refused["event"], refused["reason"]) == ("rejected", reason), refused


def test_each_ended_job_is_counted_once(farm):
    counted = "SELECT count(*) FROM fleet.jobs WHERE counted"
    wait.equal(lambda: farm.database.one("SELECT count(*) FROM fleet.jobs WHERE NOT counted"), 0,
               "every outcome stands", 30)

    def in_metrics():
        page = farm.daemon.http("/metrics")[1]
        return sum(float(line.split()[-1]) for line in page.splitlines()
                   if line.startswith("printfleet_jobs_total{"))
    wait.equal(in_metrics, float(farm.database.one(counted)), "jobs in the metrics", 10)
