"""A printer whose reports are looked for in the tables: is what is published now stored in time?"""
import time
import uuid

import paho.mqtt.client as paho
import psycopg2

from harness import reports

STEP_S = 0.01


class Probe:
    """A context manager. `port`: the broker's, which is the same after its restart."""

    def __init__(self, port, database):
        self.port, self.database = port, database
        self.id = uuid.uuid4().hex
        self.client = paho.Client(client_id=f"probe-{self.id[:8]}", protocol=paho.MQTTv311)
        self.client.reconnect_delay_set(0.05, 0.3)

    def __enter__(self):
        self.client.connect("127.0.0.1", self.port, 60)
        self.client.loop_start()
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def stored_within(self, limit_s):
        """A report is published; is its row there before `limit_s` are over?"""
        msgid = uuid.uuid4().hex
        begin = time.monotonic()
        self.client.publish(reports.temperature_topic(self.id),
                            reports.temperature(msgid, 20 + int(begin) % 200), qos=1)
        while time.monotonic() - begin < limit_s:
            try:
                if self.database.rows("SELECT 1 FROM fleet.report_log WHERE printer_id = %s AND "
                                      "received_at > now() - interval '1 minute' AND msgid = %s",
                                      self.id, msgid) and time.monotonic() - begin < limit_s:
                    return True
            except psycopg2.Error:
                pass  # it is away
            time.sleep(STEP_S)
        return False
