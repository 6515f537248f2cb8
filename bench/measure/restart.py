"""From the start of the bridge until it is ready, with a database of many printers and many reports.
The rows are made by SQL: what the bridge wrote would look the same."""
import time

from measure.site import Site

DAYS = 7

PRINTERS = """
INSERT INTO fleet.printers (printer_id, model_id, model, name, groups, labels, enrolment, firmware, bed,
                            first_seen_at, last_seen_at)
SELECT lpad(to_hex(i), 32, '0'), '20021', 'K2Pro', 'K2Pro-' || i, '{}', '{}', 'enrolled', '3.1.0',
       'unknown', now() - interval '30 days', now()
FROM generate_series(1, %s) i
"""
STATUSES = """
INSERT INTO fleet.printer_status (printer_id, online, state, state_since, nozzle_temp_c, received_at)
SELECT printer_id, true, 'idle', now(), 25, now() FROM fleet.printers
"""
REPORTS = """
INSERT INTO fleet.report_log (seq, printer_id, received_at, reported_at, type, action, state, code, msgid,
                              payload)
SELECT i, lpad(to_hex(1 + i %% {printers}), 32, '0'), at, at, 'print', 'start', 'printing', 200,
       md5(i::text), rpad('{{"type":"print","msgid":"' || md5(i::text), 500, 'x')
FROM (SELECT i, now() - make_interval(secs => 86400.0 * %s * ({total} - i) / {total}) AS at
      FROM generate_series({first}, {last}) i) g
"""
LEDGER = "UPDATE fleet.ledger SET next_report_seq = %s"


def fill(site, printers, reports):
    sql = site.sql
    today = sql.one("SELECT (now() AT TIME ZONE 'UTC')::date")
    for back in range(DAYS + 2):
        sql.rows("SELECT fleet.add_partition('report_log', %s::date - %s) WHERE to_regclass("
                 "'fleet.report_log_' || to_char(%s::date - %s, 'YYYYMMDD')) IS NULL",
                 today, back, today, back)
    sql.rows(PRINTERS, printers)
    sql.rows(STATUSES)
    step = 500_000
    for first in range(1, reports + 1, step):
        sql.rows(REPORTS.format(printers=printers, first=first, last=min(reports, first + step - 1),
                                total=reports), DAYS)
    sql.rows(LEDGER, reports + 1)
    sql.rows("ANALYZE")


def measure(figures, rounds=5, printers=10_000, reports=10_000_000):
    with Site() as site:
        site.bridge.stop()
        fill(site, printers, reports)
        for _ in range(rounds):
            begin = time.monotonic()
            site.bridge.start()
            figures.add("restart/ready", time.monotonic() - begin, "s")
            site.bridge.stop()
        figures.note("restart/reports", reports)
    figures.limit(f"restart to ready, {printers} printers, {reports} reports", "restart/ready", at_most=3)
