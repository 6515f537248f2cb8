"""How fast a spool of many reports goes into the database, beside plain COPY of the same rows. PostgreSQL
is stopped, reports are published until that many are in the spool, it is started again, and the time from
the first row to the last is taken."""
import time

import psycopg2

from harness import wait
from measure.copy_rows import PlainCopy
from measure.site import Site

BATCH = 8000  # inbound.batch_messages_max, as it is by default
FILL_S = 900
POLL_S = 0.02


def spooled(site):
    _, text = site.bridge.http("/metrics")
    return next((float(line.split()[1]) for line in text.splitlines()
                 if line.startswith("printfleet_spool_messages ")), 0)


def fill(site, messages):
    """`messages` reports lie in the spool, and nothing in the broker."""
    before = site.committed()
    site.sql.close()
    site.stop_server("database")
    begin = time.monotonic()
    site.publish(count=messages, connections=4)
    wait.until(lambda: spooled(site) >= messages, f"{messages} in the spool", FILL_S,
               lambda: f"{spooled(site)}\n{site.bridge.tail(10)}")
    return before, time.monotonic() - begin


def drains(site, before):
    """Is the database there again, and has more than it had?"""
    try:
        return site.committed() > before
    except psycopg2.OperationalError:
        site.sql.close()
        return False


def measure(figures, rounds=1, messages=1_000_000, copies=3):
    with Site({"inbound": {"hold_time_ms": 500}}) as site:
        site.publish(count=20_000)
        site.wait_committed(site.published)
        for _ in range(rounds):
            before, took = fill(site, messages)
            figures.add("spool/filled", messages / took, "1/s")
            site.start_server("database")
            wait.until(lambda: drains(site, before), "the drain has begun", 120)
            first, begin = site.committed(), time.monotonic()
            while site.committed() < before + messages:
                assert time.monotonic() - begin < FILL_S, site.bridge.tail(10)
                time.sleep(POLL_S)
            figures.add("spool/drained", (before + messages - first) / (time.monotonic() - begin), "1/s")
        copy = PlainCopy(site, messages, BATCH)
        copy.run()
        for _ in range(copies):
            rate, _ = copy.run()
            figures.add("spool/copy", rate, "1/s")
        copy.close()
    figures.ratio("spool drained / plain COPY", "spool/drained", "spool/copy", at_least=0.5)
