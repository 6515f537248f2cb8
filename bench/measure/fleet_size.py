"""Ten thousand printers beside a hundred, at the same total rate: the bridge's CPU a report, its memory,
what scraping /metrics/printers costs, how long it takes until all is well after the broker was killed,
and until a restarted bridge is ready. The printers are printer-sim's: they answer what they are asked."""
import os
import signal
import subprocess
import time

from harness import wait
from measure.figures import quantile
from measure.inbound import VisibleWatch
from measure.process import cpu_s, rss_mib
from measure.site import Site

RATE = 3000  # reports per second, over the farm
SMALL, LARGE = 100, 10_000
PATIENCE_S = 300
SCRAPE_INTERVAL_S = 5  # three times as often as Prometheus asks by default
LAG_S = 1.0


def words(printers):
    return ("--printers", printers, "--report-interval", printers / RATE, "--connect-rate", 2000,
            "--seed", 11)


def wait_online(site, printers):
    """Until the bridge knows of all that they are there, and the queue is empty."""
    wait.until(lambda: site.sql.one("SELECT count(*) FROM fleet.printer_status WHERE online") >= printers,
               f"{printers} printers are online", PATIENCE_S, lambda: site.bridge.tail(10))
    wait_lag(site)


def lag_s(site):
    status, text = site.bridge.http("/metrics")
    assert status == 200, status
    for line in text.splitlines():
        if line.startswith("printfleet_inbound_lag_seconds "):
            return float(line.split()[1])
    return None


def wait_lag(site):
    def near():
        lag = lag_s(site)
        return lag is not None and lag < LAG_S

    wait.until(near, f"the lag is below {LAG_S} s", PATIENCE_S, lambda: f"{lag_s(site)}")


def cpu_window(site, seconds):
    """Microseconds of the bridge's CPU a report, and reports per second."""
    before, committed, begin = sum(cpu_s(site.bridge.pid)), site.committed(), time.monotonic()
    time.sleep(seconds)
    reports = site.committed() - committed
    return (sum(cpu_s(site.bridge.pid)) - before) / reports * 1e6, reports / (time.monotonic() - begin)


def scrape_s(site):
    """By a process of its own, as Prometheus is: the watch beside it is not to wait for its reader."""
    said = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--max-time", "30", "--output", "/dev/null",
         "--write-out", "%{time_total} %{size_download}",
         f"http://127.0.0.1:{site.bridge.http_port}/metrics/printers"],
        check=True, capture_output=True, text=True).stdout.split()
    assert int(said[1]) > 0, said
    return float(said[0])


def watched(site, seconds, scrape):
    """(latencies in ms, durations of scrapes in s)"""
    scrapes = []
    with VisibleWatch(site.bridge.addresses()["database"]) as watch:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if scrape:
                scrapes.append(scrape_s(site))
            time.sleep(max(0.0, min(SCRAPE_INTERVAL_S, end - time.monotonic())))
    return watch.latencies_ms(site.sql), scrapes


def measure_one(figures, printers, rounds, seconds, settle_s):
    with Site() as site, site.simulator(*words(printers)):
        wait_online(site, printers)
        time.sleep(settle_s)  # what is asked of new printers is asked and answered
        for _ in range(rounds):
            cpu, rate = cpu_window(site, seconds)
            figures.add(f"printers-{printers}/bridge-cpu", cpu, "us")
            figures.add(f"printers-{printers}/reports", rate, "1/s")
        figures.add(f"printers-{printers}/rss", rss_mib(site.bridge.pid), "MiB")
        if printers == LARGE:
            scraping(figures, site, rounds, seconds)
            figures.add(f"printers-{printers}/rss", rss_mib(site.bridge.pid), "MiB")
            storms(figures, site)


def scraping(figures, site, rounds, seconds):
    for _ in range(rounds):
        for scrape in (False, True):
            samples, scrapes = watched(site, seconds, scrape)
            name = "scraped" if scrape else "unscraped"
            figures.add(f"inbound/{name}/p99", quantile(samples, 0.99), "ms")
            for each in scrapes:
                figures.add("scrape/duration", each, "s")


def storms(figures, site):
    """The broker is killed: 10,000 connections come back at once. Then the bridge is restarted."""
    begin = time.monotonic()
    os.kill(site.broker_pid, signal.SIGKILL)
    time.sleep(2)
    wait_lag(site)
    wait_online(site, LARGE)
    figures.add("broker-killed/all-online-again", time.monotonic() - begin, "s")
    site.bridge.stop()
    begin = time.monotonic()
    site.bridge.start()
    figures.add("bridge-restarted/ready", time.monotonic() - begin, "s")
    wait_lag(site)
    figures.add("bridge-restarted/lag-below-1s", time.monotonic() - begin, "s")


def measure(figures, rounds=3, seconds=20, settle_s=20, sites=1):
    for _ in range(sites):
        for printers in (SMALL, LARGE):
            measure_one(figures, printers, rounds, seconds, settle_s)
    figures.ratio("bridge CPU per report at 10,000 printers / at 100", f"printers-{LARGE}/bridge-cpu",
                  f"printers-{SMALL}/bridge-cpu", at_most=1.15)
    figures.limit("resident memory at 10,000 printers", f"printers-{LARGE}/rss", at_most=150)
    figures.limit("/metrics/printers at 10,000 printers", "scrape/duration", at_most=0.5)
    figures.ratio("inbound p99 with the scrape / without", "inbound/scraped/p99",
                  "inbound/unscraped/p99", at_most=1.2)
