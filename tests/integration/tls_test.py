"""Printers with TLS, as they stand in a farm that ran kobra-unleashed: its certificates and names
are taken over by `init`, each printer speaks for itself only; and printers with certificates of
their own."""
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import uuid

import paho.mqtt.client as paho
import pytest
import yaml

from harness import wait
from harness.farm import PRINTFLEET, Daemon, free_port
from harness.sim import PUBLIC, Simulator

PRINTERS = 20
# As the vendor's firmware logs in; nobody here can check it.
LOGIN = ("dev|fdm|20021|" + "0" * 32, "x" * 344)


def make_kobra_unleashed(directory, subjects):
    """What certs/generate_certs.sh of kobra-unleashed leaves behind: an authority, a certificate for
    the broker and one for all printers, each with the subject asked for ("" is Return at each of its
    questions: the same name for all three)."""
    certs = directory / "certs"
    certs.mkdir(parents=True)

    def openssl(*words, subject=None):
        named = ["-subj", subject] if subject else []
        subprocess.run(["openssl", *words, *named], cwd=certs, check=True, capture_output=True,
                       text=True, input="\n" * 20)

    openssl("genrsa", "-out", "ca.key", "2048")
    openssl("req", "-x509", "-new", "-nodes", "-key", "ca.key", "-sha256", "-days", "2028", "-out",
            "ca.pem", subject=subjects[0])
    for name, days, subject in (("verification_cert", "2048", subjects[1]),
                                ("client", "500", subjects[2])):
        openssl("genrsa", "-out", f"{name}.key", "2048")
        openssl("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", subject=subject)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-sha256")
    return certs


class Initialized(Daemon):
    """Runs with the configuration that `printfleet init` has written."""

    def write_config(self):
        pass


def init(directory, old, *words):
    result = subprocess.run(
        [PRINTFLEET, "init", "--config", str(directory / "printfleet.yaml"), "--data-dir",
         str(directory / "data"), "--printers-address", "127.0.0.1", "--local-port",
         str(free_port()), "--http-port", str(free_port()), "--files-port", str(free_port()),
         "--from-kobra-unleashed", str(old), "--yes", *words],
        capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, (result.stdout, result.stderr)
    return result.stdout


def context(ca, cert=None, version=None):
    """A client's, as easy to please as a printer."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    made.load_verify_locations(ca)
    if cert:
        made.load_cert_chain(*cert)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def handshake(port, tls):
    """The version agreed on, or "" when the broker refuses; with 1.3 it does so after the client's
    part, so it must have answered a CONNECT."""
    connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd"
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with tls.wrap_socket(plain) as stream:
                stream.sendall(connect)
                return stream.version() if stream.recv(4)[:1] == b"\x20" else ""
    except (ssl.SSLError, ConnectionResetError):
        return ""


class Hand:
    """A printer made by hand, MQTT 3.1.1."""

    def __init__(self, port, client_id, tls):
        self.id = client_id
        self.acked, self.lock, self.on = set(), threading.Lock(), threading.Event()
        self.client = paho.Client(client_id=client_id)
        self.client.username_pw_set(*LOGIN)
        self.client.tls_set_context(tls)
        self.client.on_connect = lambda *_: self.on.set()
        self.client.on_publish = lambda _client, _user, mid: self._acknowledge(mid)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.on.wait(15), "connected"

    def _acknowledge(self, mid):
        with self.lock:
            self.acked.add(mid)

    def report(self, printer_id, model_id="20021"):
        """A status report on this printer's topic; its msgid. The PUBACK comes also when the broker's
        access list dropped it."""
        msgid = str(uuid.uuid4())
        info = self.client.publish(
            f"{PUBLIC}/{model_id}/{printer_id}/status/report",
            json.dumps({"type": "status", "action": "workReport", "state": "free", "msgid": msgid,
                        "timestamp": 1705245340137, "code": 200, "msg": "", "data": None}), 1)
        wait.until(lambda: info.mid in self.acked, "PUBACK", 15)
        return msgid

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def stored(database, msgid):
    return database.one(f"SELECT count(*) FROM fleet.report_log WHERE msgid = '{msgid}'")


@pytest.fixture(name="directory", scope="module")
def directory_fixture():
    made = pathlib.Path(tempfile.mkdtemp(prefix="pf-tls-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Site:
    def __init__(self, daemon, database, sim, certs, said):
        self.daemon, self.database, self.sim = daemon, database, sim
        self.certs, self.said = certs, said
        self.port = daemon.mqtt_port

    @property
    def shared(self):
        return self.certs / "client.pem", self.certs / "client.key"


@pytest.fixture(name="site", scope="module")
def site_fixture(directory):
    """Twenty printers with the shared certificate; the farm has been taken over, nobody enrolled."""
    old, farm = directory / "kobra-unleashed", directory / "farm"
    certs = make_kobra_unleashed(old, ("/O=Farm/CN=farm authority", "/O=Farm/CN=broker",
                                       "/O=Farm/CN=printers"))
    port = free_port()
    sim = Simulator(port, "--printers", PRINTERS, "--seed", 61, "--tls-ca-file", certs / "ca.pem",
                    "--tls-cert-file", certs / "client.pem", "--tls-key-file", certs / "client.key")
    (old / "mosquitto.conf").write_text(
        f"log_type all\nallow_anonymous true\nlistener {port}\nprotocol mqtt\n"
        "cafile /certs/verification_cert.pem\ncertfile /certs/verification_cert.pem\n"
        "keyfile /certs/verification_cert.key\n")
    names = "".join(f"      - PRINTERNAME_{printer.id}=old {number:02}\n"
                    for number, printer in enumerate(sim.printers))
    (old / "docker-compose.yml").write_text(
        "services:\n  kobra-unleashed:\n    environment:\n"
        f"      - ROOT_URL=http://192.0.2.77:5000\n{names}")
    said = init(farm, old)
    with Initialized(directory=farm) as daemon, daemon.database() as database, sim:
        sim.wait_online()
        yield Site(daemon, database, sim, certs, said)


def test_init_takes_over_what_the_printers_have(site):
    assert f"taken: the names of {PRINTERS} printers" in site.said
    assert "taken: the broker's certificate" in site.said
    assert "require_certificate: true" in site.said
    assert "browser's cookies" in site.said
    tls = site.daemon.directory / "tls"
    for name, old in (("ca.crt", "ca.pem"), ("ca.key", "ca.key"), ("client.key", "client.key"),
                      ("server.crt", "verification_cert.pem")):
        assert (tls / name).read_text() == (site.certs / old).read_text()
    for name in ("tls/ca.key", "tls/server.key", "tls/client.key", "admin.password"):
        assert (site.daemon.directory / name).stat().st_mode & 0o777 == 0o600
    check = site.daemon.run("check")
    assert (check.returncode, check.stdout) == (0, "configuration ok\n")


def test_twenty_printers_are_enrolled_and_named(site):
    def count(where):
        return site.database.one(f"SELECT count(*) FROM fleet.printers WHERE {where}")

    wait.equal(lambda: count("enrolment = 'pending' AND firmware IS NOT NULL"), PRINTERS, "pending")
    enrolled = site.daemon.run("enroll", "--pending", "--yes")
    assert enrolled.returncode == 0, enrolled.stderr
    assert count("enrolment = 'enrolled'") == PRINTERS
    imported = site.daemon.run("printers", "import",
                               str(site.daemon.directory / "printers.yaml"), "--yes")
    assert imported.returncode == 0, imported.stderr
    rows = site.database.rows("SELECT printer_id, name FROM fleet.printers")
    assert {row["printer_id"]: row["name"] for row in rows} == {printer.id: f"old {number:02}"
                     for number, printer in enumerate(site.sim.printers)}
    asked = site.daemon.run("send", "status.query", "--all", "--yes", "--json")
    assert asked.returncode == 0, asked.stderr
    done = json.loads(asked.stdout.splitlines()[-1])
    assert (done["event"], done["succeeded"]) == ("done", PRINTERS)


def test_a_printer_speaks_for_itself_only(site):
    """The certificate is everybody's: who somebody is, is his client id."""
    impostor = Hand(site.port, "f" * 32, context(site.certs / "ca.pem", site.shared))
    victim = site.sim.printers[0]
    forged = impostor.report(victim.id, victim.model_id)
    own = impostor.report(impostor.id)
    wait.equal(lambda: stored(site.database, own), 1, "its own report")
    assert stored(site.database, forged) == 0
    impostor.close()


def test_versions_and_who_is_let_in(site):
    ca = site.certs / "ca.pem"
    for version, agreed in ((ssl.TLSVersion.TLSv1_1, ""), (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                            (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        assert handshake(site.port, context(ca, site.shared, version)) == agreed
        assert handshake(site.port, context(ca, None, version)) == ""


def test_the_end_of_certificates_is_a_metric(site):
    _, page = site.daemon.http("/metrics")
    series = f'{{listener="127.0.0.1:{site.port}",what='
    values = {line.split("what=")[1].split('"')[1]: float(line.rsplit(" ", 1)[1])
              for line in page.splitlines()
              if line.startswith("printfleet_certificate_not_after_timestamp_seconds" + series)}
    for what, name in (("server", "verification_cert.pem"), ("ca", "ca.pem")):
        end = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", site.certs / name],
                             capture_output=True, text=True, check=True).stdout.split("=")[1]
        assert values[what] == ssl.cert_time_to_seconds(end.strip())


def make_old_certificates(directory):
    """As the vendor's: SHA-1, RSA-1024."""
    directory.mkdir()

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-sha1", "-keyout", "ca.key", "-out",
            "ca.crt", "-days", "9", "-subj", "/CN=old authority")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:1024", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN=old {name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-sha1", "-out", f"{name}.crt", "-days", "9")
    return {"ca_file": str(directory / "ca.crt"), "cert_file": str(directory / "server.crt"),
            "key_file": str(directory / "server.key"), "require_certificate": True}


@pytest.fixture(name="strict", scope="module")
def strict_fixture(directory):
    """The script with Return at each question, taken over; and, beside it, a listener where each
    printer has a certificate of its own (`login: certificate`), and one with old certificates."""
    old, farm = directory / "same-names", directory / "strict"
    certs = make_kobra_unleashed(old, ("", "", ""))
    said = init(farm, old, "--printers-port", str(free_port()))
    config = farm / "printfleet.yaml"
    settings = yaml.safe_load(config.read_text())
    first = settings["broker"]["listeners"][0]
    settings["broker"]["listeners"].append(
        {**first, "port": free_port(), "login": "certificate"})
    settings["broker"]["listeners"].append(
        {**first, "port": free_port(), "tls": make_old_certificates(directory / "old-certificates")})
    config.write_text(yaml.safe_dump(settings))
    with Initialized(directory=farm) as daemon, daemon.database() as database:
        yield Site(daemon, database, None, certs, said)


def test_certificates_of_one_name_are_replaced_where_printers_do_not_see_it(strict):
    assert "not taken: the broker's certificate: self-signed certificate" in strict.said
    assert "require_certificate: false" in strict.said
    with Simulator(strict.port, "--printers", 3, "--seed", 62, "--tls-ca-file",
                   strict.certs / "ca.pem", "--tls-cert-file", strict.certs / "client.pem",
                   "--tls-key-file", strict.certs / "client.key") as sim:
        sim.wait_online()
        ids = "', '".join(printer.id for printer in sim.printers)
        wait.equal(lambda: strict.database.one(
            f"SELECT count(*) FROM fleet.printers WHERE printer_id IN ('{ids}')"), 3, "stored")


def test_a_certificate_of_its_own_is_who_a_printer_is(strict):
    port, out = strict.daemon.mqtt_ports[2], strict.daemon.directory / "issued"
    sim = Simulator(port, "--printers", 2, "--seed", 63, "--tls-ca-file", strict.certs / "ca.pem",
                    "--tls-cert-file", f"{out}/{{id}}/client.crt", "--tls-key-file",
                    f"{out}/{{id}}/client.key")
    first, second = sim.printers
    for printer in sim.printers:
        issued = strict.daemon.run("ca", "issue", printer.id, "--out", str(out / printer.id))
        assert issued.returncode == 0, issued.stderr
    assert strict.daemon.run("ca", "issue", first.id, "--out", str(out / first.id)).returncode == 2
    with sim:
        sim.wait_online()
        wait.equal(lambda: strict.database.one(
            "SELECT count(*) FROM fleet.printers WHERE printer_id IN "
            f"('{first.id}', '{second.id}')"), 2, "stored")
        ca = strict.certs / "ca.pem"
        assert handshake(port, context(ca)) == ""
        # A third printer, with the client id of the first, which must not be pushed off by it.
        third = "e" * 32
        issued = strict.daemon.run("ca", "issue", third, "--out", str(out / third))
        assert issued.returncode == 0, issued.stderr
        impostor = Hand(port, first.id, context(
            ca, (out / third / "client.crt", out / third / "client.key")))
        forged = impostor.report(first.id, first.model_id)
        own = impostor.report(third)
        wait.equal(lambda: stored(strict.database, own), 1, "a report under its certificate's name")
        assert stored(strict.database, forged) == 0
        assert all(online for online, _, _ in sim.states().values())
        assert "disconnects=0" in sim.tell("stats")
        impostor.close()
    shown = [json.loads(line) for line in
             strict.daemon.run("ca", "show", "--json").stdout.splitlines()]
    assert [each["what"] for each in shown] == ["server", "ca"] * 3


def test_old_certificates_are_taken_from_printers(strict):
    port, old = strict.daemon.mqtt_ports[3], strict.daemon.directory.parent / "old-certificates"
    client = old / "client.crt", old / "client.key"
    assert handshake(port, context(old / "ca.crt", client, ssl.TLSVersion.TLSv1_2)) == "TLSv1.2"
    assert handshake(port, context(old / "ca.crt", None, ssl.TLSVersion.TLSv1_2)) == ""
    # The log has it from the start: nine days are left.
    assert "certificate runs out in 8 days" in strict.daemon.log_text()


def test_who_is_enrolled_shows_itself_unless_it_prints(strict):
    with Simulator(strict.port, "--printers", 2, "--seed", 64, "--panel-jobs", 1, "--tls") as sim:
        sim.wait_online()
        busy, idle = sim.printers
        wait.until(lambda: strict.database.one(
            "SELECT count(*) FROM fleet.printers JOIN fleet.printer_status USING (printer_id) WHERE "
            f"(printer_id = '{idle.id}' AND state = 'idle') OR (printer_id = '{busy.id}' "
            "AND state NOT IN ('idle', 'unknown', 'offline'))") == 2, "one prints, one does not")
        shown = strict.daemon.run("enroll", "--show", busy.id, idle.id, "--yes")
        assert f"id {idle.id}, address 127.0.0.1, firmware 3.1.0, idle" in shown.stderr
        fans = {printer.id: [json.loads(each["payload"])["data"]["fan_speed_pct"]
                             for each in sim.received() if each["printer_id"] == printer.id
                             and each["topic"].endswith("/set")] for printer in sim.printers}
        assert fans == {busy.id: [], idle.id: [100, 0]}, shown.stderr
        assert shown.returncode == 0
        assert shown.stderr.count("does not show itself, it is ") == 1
        again = strict.daemon.run("enroll", "--show", idle.id, "--yes")
        assert (again.returncode, again.stderr) == (2, "no pending printer is meant\n")
