"""A power cut is one message with its list, and what becomes of its prints is none."""
from harness import wait
from harness.webhook import LAYERS, simulator, site_of, target


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
