"""The same flow in Node-RED: MQTT in, a function that takes the report apart, a node that inserts it.
What somebody would build who has no bridge; one row a statement, acknowledged before it is stored."""
import json
import os
import subprocess
import urllib.parse

from harness import farm, wait
from measure.site import PATIENCE_S, ROOT

HOME = ROOT / "build/bench/node_red"
TABLE = "bench.node_red_log"
CLIENT_ID = "bench-node-red"
FUNCTION = """
const report = JSON.parse(msg.payload);
const at = report.timestamp > 1e12 ? new Date(report.timestamp) : null;
msg.params = [msg.topic.split('/')[6], at, report.type, report.action, report.state, report.code,
              report.msgid, msg.payload];
return msg;
"""
INSERT = (f"INSERT INTO {TABLE} (printer_id, received_at, reported_at, type, action, state, code, "
          "msgid, payload) VALUES ($1, now(), $2, $3, $4, $5, $6, $7, $8)")
SETTINGS = """
module.exports = {uiPort: %d, uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: false,
  diagnostics: {enabled: false}, telemetry: {enabled: false}, logging: {console: {level: 'warn'}}};
"""


def create_table(sql):
    sql.rows("CREATE SCHEMA IF NOT EXISTS bench")
    sql.rows(f"CREATE TABLE {TABLE} (LIKE fleet.report_log INCLUDING ALL)")
    sql.rows(f"CREATE SEQUENCE {TABLE}_seq")
    sql.rows(f"ALTER TABLE {TABLE} ALTER COLUMN seq SET DEFAULT nextval('{TABLE}_seq')")


def parse_conninfo(conninfo):
    if "://" in conninfo:
        url = urllib.parse.urlsplit(conninfo)
        found = {"user": url.username, "dbname": url.path.strip("/"), "host": url.hostname}
        found.update({key: value[0] for key, value in urllib.parse.parse_qs(url.query).items()})
        return found
    return dict(word.split("=", 1) for word in conninfo.replace("'", "").split())


class NodeRed:
    def __init__(self, site):
        assert (HOME / "node_modules/node-red").is_dir(), "bench/node_red/install.sh installs it"
        self.site, self.process = site, None
        self.directory = site.directory / "node-red"
        self.directory.mkdir()
        create_table(site.sql)
        self.port = farm.free_port()
        (self.directory / "settings.js").write_text(SETTINGS % self.port, encoding="utf-8")
        (self.directory / "package.json").write_text(
            '{"name": "flow", "dependencies": {"node-red-contrib-postgrestor-next": "*"}}',
            encoding="utf-8")
        (self.directory / "node_modules").symlink_to(HOME / "node_modules")
        (self.directory / "flows.json").write_text(json.dumps(self.flow()), encoding="utf-8")

    def flow(self):
        database = parse_conninfo(self.site.bridge.addresses()["database"])
        texts = {"host": database["host"], "database": database["dbname"], "user": database["user"],
                 "password": database.get("password", "")}
        numbers = {"port": database.get("port", "5432"), "max": "10", "min": "10", "idle": "10000",
                   "connectionTimeout": "10000"}
        # A name that is a node's id would be taken for a reference to it.
        pool = {"id": "pool", "type": "postgresDB", "name": "the database", "ssl": "false",
                "sslFieldType": "bool"}
        pool.update(texts)
        pool.update({name + "FieldType": "str" for name in texts})
        pool.update(numbers)
        pool.update({name + "FieldType": "num" for name in numbers})
        broker = {"id": "broker", "type": "mqtt-broker", "name": "the broker", "broker": "127.0.0.1",
                  "port": str(self.site.port), "clientid": CLIENT_ID, "autoConnect": True,
                  "usetls": False, "protocolVersion": "5", "keepalive": "600",
                  "cleansession": False, "sessionExpiry": "3600"}
        return [
            {"id": "tab", "type": "tab", "label": "reports"}, broker, pool,
            {"id": "in", "type": "mqtt in", "z": "tab", "broker": "broker", "qos": "1",
             "topic": "anycubic/anycubicCloud/v1/printer/public/#", "datatype": "utf8",
             "wires": [["take"]]},
            {"id": "take", "type": "function", "z": "tab", "func": FUNCTION, "outputs": 1,
             "wires": [["insert"]]},
            {"id": "insert", "type": "postgrestor", "z": "tab", "query": INSERT,
             "postgresDB": "pool", "output": True, "wires": [[]]},
        ]

    @property
    def pid(self):
        return self.process.pid

    def count(self):
        return self.site.sql.one(f"SELECT coalesce(max(seq), 0) FROM {TABLE}")

    def start(self):
        """Until it stores what is published."""
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["node", str(HOME / "node_modules/node-red/red.js"), "--userDir",
                 str(self.directory), "--settings", str(self.directory / "settings.js")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NODE_ENV": "production"})
        before = self.count()

        def stores():
            self.site.publish(count=1)
            return self.count() > before

        wait.until(stores, "Node-RED stores a report", PATIENCE_S,
                   lambda: (self.directory / "log").read_text(errors="replace")[-2000:])

    def stop(self):
        """Ends it, and its session, so that nothing is queued for it."""
        self.kill()
        subprocess.run(["mosquitto_sub", "-p", str(self.site.port), "-i", CLIENT_ID, "-V", "5", "-t",
                        "bench/none", "-E"], check=True, capture_output=True, timeout=20)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
