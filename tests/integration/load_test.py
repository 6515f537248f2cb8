"""1,000 printers, 2,000 reports/s: nothing is lost, the broker drops nothing, memory stays flat.
How fast it is, is printed and not judged: that depends on the machine.

LOAD_SECONDS says for how long (15)."""
import os
import pathlib
import time

import pytest

from harness import farm, fault, wait
from harness.farm import Daemon
from harness.sim import Simulator

SECONDS = int(os.environ.get("LOAD_SECONDS", "15"))
RATE = int(os.environ.get("LOAD_RATE", "2000"))
PRINTERS = int(os.environ.get("LOAD_PRINTERS", "1000"))
WARM_UP_S = 10


@pytest.fixture(scope="module", autouse=True)
def release_build():
    """The release build where there is one: its figures are what counts."""
    release = farm.ROOT / "build/release/bin"
    if "PRINTFLEET_LOAD_BIN" in os.environ:
        release = pathlib.Path(os.environ["PRINTFLEET_LOAD_BIN"])
    if not (release / "printfleet").exists():
        yield "dev"
        return
    before = farm.PRINTFLEET
    farm.PRINTFLEET = str(release / "printfleet")
    yield "release"
    farm.PRINTFLEET = before


def values_of(daemon):
    values = {}
    for line in daemon.http("/metrics")[1].splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values


HTTP_THREADS = 120  # at least: workers, downloads and uploads by default


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_load(release_build):
    messages = RATE * (SECONDS + WARM_UP_S)
    with Daemon({"inbound": {"heartbeat_interval_ms": 250}}) as daemon, \
            Simulator(daemon.mqtt_port, "--printers", PRINTERS, "--rate", RATE, "--messages", messages,
                      "--seed", 31) as sim:
        sim.wait_online(60)
        # HTTP's threads take turns; each has its stack from its first answer on.
        for _ in range(HTTP_THREADS):
            values_of(daemon)
        lags, sizes = [], []
        begin = time.monotonic()
        cpu = None
        while sim.process.poll() is None:
            assert time.monotonic() - begin < 8 * (SECONDS + WARM_UP_S) + 60, sim.log.read_text()
            if time.monotonic() - begin > WARM_UP_S:
                values = values_of(daemon)
                cpu = cpu or (time.monotonic(), cpu_s(daemon.pid))
                if "printfleet_inbound_lag_seconds" in values:
                    lags.append(values["printfleet_inbound_lag_seconds"])
                sizes.append(fault.rss_kib(daemon.pid))
            time.sleep(0.2)  # the pace of sampling
        took = time.monotonic() - begin
        cpu_share = (cpu_s(daemon.pid) - cpu[1]) / (time.monotonic() - cpu[0])
        with daemon.database() as database:
            count = fault.wait_stored(database, sim.ledger(), 120)
            stored_s = time.monotonic() - begin
            assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
        # The broker says it every ten seconds.
        dropped = "printfleet_broker_dropped_messages_total"
        after = wait.until(lambda: (lambda all: all if dropped in all else None)(values_of(daemon)),
                           dropped, 30)
        edge = max(1, len(sizes) // 5)
        first, last = quantile(sizes[:edge], 0.5), quantile(sizes[-edge:], 0.5)
        print(f"\n{release_build} build, {PRINTERS} printers, {count} reports in {took:.1f} s "
              f"({messages / took:.0f}/s), all stored after {stored_s:.1f} s; heartbeat lag p50 "
              f"{quantile(lags, 0.5):.3f} s, p99 {quantile(lags, 0.99):.3f} s of {len(lags)} samples; "
              f"RSS {first} -> {last} KiB ({(last - first) / first:+.1%}), daemon CPU {cpu_share:.0%}; "
              f"dropped by the broker {after[dropped]:.0f}")
        assert count >= messages
        assert after[dropped] == 0
        assert last <= first * 1.05, f"RSS grew from {first} to {last} KiB"
        wait.until(lambda: values_of(daemon)["printfleet_inbound_lag_seconds"] < 1, "the lag is small again")
