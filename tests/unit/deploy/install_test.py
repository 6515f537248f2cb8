"""deploy/install.sh into a directory (DESTDIR), and its units, as systemd's own checker sees them."""
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
PRINTFLEET = pathlib.Path(os.environ["PRINTFLEET"]).resolve()
BUILD_DIR = PRINTFLEET.parent.parent
EXPOSURE_MAX = 15  # tenths: "OK"
UNITS = {"printfleet.service", "printfleet-broker.service", "printfleet-database.service",
         "printfleet-embedded.service"}


def install(destdir, *words):
    done = subprocess.run(
        [ROOT / "deploy/install.sh", "--no-build", "--build-dir", BUILD_DIR, *words],
        env={**os.environ, "DESTDIR": str(destdir)}, capture_output=True, text=True, timeout=120,
        check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module", name="tree")
def installed(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    install(tree)
    return tree


def test_what_is_installed_where(tree):
    there = files(tree)
    assert {f"usr/local/lib/systemd/system/{unit}" for unit in UNITS} == {
        path for path in there if "/systemd/" in path}
    for path in ("usr/local/bin/printfleet", "usr/local/bin/printer-sim",
                 "usr/local/lib/sysusers.d/printfleet.conf",
                 "usr/local/share/printfleet/models.yaml",
                 "usr/local/share/printfleet/examples/farm.yaml",
                 "usr/local/share/printfleet/prometheus/alerts.yml",
                 "usr/local/share/printfleet/grafana/dashboards/farm.json",
                 "usr/local/share/doc/printfleet/manual/service.md",
                 "etc/printfleet/printfleet.yaml"):
        assert path in there, path
    sql = {path.name for path in (ROOT / "schema").glob("*.sql")}
    assert {f"usr/local/share/printfleet/schema/{name}" for name in sql} <= there
    assert not [path for path in there if path.endswith((".py", "_test.yml", ".in"))]
    assert not re.search("@[a-z_]+@", (tree / "usr/local/lib/systemd/system/printfleet.service").read_text())


def test_the_first_configuration_is_good_and_stays(tree):
    config = tree / "etc/printfleet/printfleet.yaml"
    checked = subprocess.run([tree / "usr/local/bin/printfleet", "check", "--config", config],
                             capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stderr
    read = yaml.safe_load(config.read_text())
    assert (read["broker"]["lifetime"], read["database"]["lifetime"]) == ("own", "own")
    config.write_text(config.read_text() + "instance: hall-1\n")
    before, text = files(tree), config.read_text()
    (tree / "usr/local/share/printfleet/gone.yaml").write_text("of a version before\n")
    manifest = tree / "usr/local/share/printfleet/install_manifest.txt"
    manifest.write_text(manifest.read_text() + "\n/usr/local/share/printfleet/gone.yaml\n")
    install(tree)
    assert config.read_text() == text
    assert files(tree) == before


def test_uninstall_keeps_data_and_purge_does_not(tmp_path):
    install(tmp_path, "--embedded")
    read = yaml.safe_load((tmp_path / "etc/printfleet/printfleet.yaml").read_text())
    assert (read["broker"]["lifetime"], read["database"]["lifetime"]) == ("with_daemon", "with_daemon")
    (tmp_path / "var/lib/printfleet/users").write_text("anna\n")
    (tmp_path / "usr/local/bin/somebody-elses").write_text("x\n")
    install(tmp_path, "--uninstall")
    kept = {"etc/printfleet/printfleet.yaml", "var/lib/printfleet/users", "usr/local/bin/somebody-elses"}
    assert files(tmp_path) == kept
    install(tmp_path, "--uninstall", "--purge")
    assert files(tmp_path) == {"usr/local/bin/somebody-elses"}


@pytest.mark.parametrize("words", [["--purge"], ["--prefix", "relative"], ["--nonsense"], ["--prefix"]])
def test_wrong_flags_are_refused(words):
    done = subprocess.run([ROOT / "deploy/install.sh", *words], capture_output=True, text=True,
                          timeout=30, check=False, env={**os.environ, "DESTDIR": "/nonexistent"})
    assert done.returncode == 2 and "--help" in done.stderr, done.stderr


def test_systemd_takes_the_units(tmp_path):
    # With the programs where the units say they are.
    subprocess.run(["cmake", "--install", BUILD_DIR, "--prefix", tmp_path], check=True,
                   capture_output=True, timeout=60)
    units = sorted((tmp_path / "lib/systemd/system").glob("*.service"))
    assert {unit.name for unit in units} == UNITS
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True,
                              text=True, timeout=60, check=False)
    assert verified.returncode == 0, verified.stderr
    assert "printfleet" not in verified.stderr, verified.stderr
    for unit in units:
        secured = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}",
             "--no-pager", unit], capture_output=True, text=True, timeout=60, check=False)
        assert secured.returncode == 0, f"{unit.name}\n{secured.stdout[-300:]}"


def test_the_user_is_one_that_systemd_can_make(tree):
    text = (tree / "usr/local/lib/sysusers.d/printfleet.conf").read_text()
    (tree / "etc").mkdir(exist_ok=True)
    made = subprocess.run(["systemd-sysusers", f"--root={tree}", "--inline", *[
        line for line in text.splitlines() if line and not line.startswith("#")]],
        capture_output=True, text=True, timeout=30, check=False)
    if os.geteuid() == 0:  # only root may write such files, even below a directory of his own
        assert made.returncode == 0, made.stderr
        assert re.search("^printfleet:", (tree / "etc/passwd").read_text(), re.M)
