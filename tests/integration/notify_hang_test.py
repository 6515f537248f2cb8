"""A target that hangs for a minute is nobody else's trouble."""
import json
import time
import uuid

from harness import mqtt, wait
from harness.webhook import simulator, site_of, target


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
