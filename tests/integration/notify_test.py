"""People are told: the four templates, their secrets, and a queue that outlives the daemon."""
import json

from harness import wait
from harness.webhook import LAYERS, simulator, site_of, target


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
