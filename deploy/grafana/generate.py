#!/usr/bin/python3
"""Writes dashboards/*.json from the panels below; tests/deploy/dashboards_test.py compares.

A panel: (title, description, unit, [(query, legend)…], options…). In a query, {} stands for the
filters that every one has, and [] for the interval of a rate.
"""
import json
import pathlib

FILTERS = 'job=~"$job",instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "$datasource"}
WIDTH = 24
INFO = ' * on (job, instance, printer_id) group_left (name) printfleet_printer_info{,name=~"$printer"}'
OK_BAD = [{"type": "value", "options": {"0": {"text": "no", "color": "red"}, "1": {"text": "yes", "color": "green"}}}]
BAD_OK = [{"type": "value", "options": {"0": {"text": "no", "color": "green"}, "1": {"text": "yes", "color": "red"}}}]

# 1 where the state is good and 0 where it is another: there is one series, and the state is its label.
SPOOL_READY = 'printfleet_spool_state{,state="good"} or 0 * printfleet_spool_state{}'


def query(text):
    return (text.replace("{}", "{" + FILTERS + "}").replace("{,", "{" + FILTERS + ",")
            .replace("[]", "[$__rate_interval]"))


def per_printer(metric, more=""):
    return f"printfleet_printer_{metric}{{{more and ',' + more}}}" + INFO


def panel(title, description, unit, targets, kind="timeseries", width=8, height=8, mappings=None,
          red_above=None, **defaults):
    thresholds = [{"color": "green", "value": None}]
    if red_above is not None:
        thresholds.append({"color": "red", "value": red_above})
    made = {
        "type": kind, "title": title, "description": description, "datasource": SOURCE,
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": query(expr),
                     "legendFormat": legend, "instant": kind in ("stat", "table"),
                     "range": kind not in ("stat", "table"),
                     "format": "table" if kind == "table" else "time_series"}
                    for i, (expr, legend) in enumerate(targets)],
        "fieldConfig": {"defaults": {"unit": unit, "mappings": mappings or [],
                                     "thresholds": {"mode": "absolute", "steps": thresholds},
                                     **defaults}, "overrides": []},
        "gridPos": {"w": width, "h": height},
    }
    if kind == "stat":
        made["options"] = {"colorMode": "background" if mappings or red_above is not None else "value",
                           "reduceOptions": {"calcs": ["lastNotNull"]}}
    elif kind == "table":
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {
            "Time": True, "Value": True, "job": True, "__name__": True}}}]
    else:
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"},
                           "tooltip": {"mode": "multi"}}
    return made


def stat(*what, **more):
    return panel(*what, kind="stat", width=4, height=4, **more)


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"w": WIDTH, "h": 1}}


def variable(name, label, text, **more):
    return {"type": "query", "name": name, "label": label, "datasource": SOURCE, "query": text,
            "definition": text, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}, **more}


def dashboard(uid, title, description, metric, panels, variables=()):
    x = y = tallest = 0
    for number, each in enumerate(panels, 1):
        place = each["gridPos"]
        if x + place["w"] > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        place.update(x=x, y=y)
        x, tallest = x + place["w"], max(tallest, place["h"])
        each["id"] = number
    return {
        "uid": uid, "title": title, "description": description, "tags": ["printfleet"],
        "schemaVersion": 37, "editable": False, "graphTooltip": 1, "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"}, "timezone": "",
        "links": [{"type": "dashboards", "title": "printfleet", "tags": ["printfleet"],
                   "asDropdown": False, "includeVars": False, "keepTime": True}],
        "templating": {"list": [
            {"type": "datasource", "name": "datasource", "label": "Data source",
             "query": "prometheus", "current": {}, "refresh": 1},
            variable("job", "job", f"label_values({metric}, job)"),
            variable("instance", "instance", f'label_values({metric}{{job=~"$job"}}, instance)'),
            *variables]},
        "panels": panels,
    }


def quantile(share, histogram):
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{{}}[])))"


FARM = dashboard(
    "printfleet-farm", "printfleet / Farm", "A farm as a whole, and the bridge that runs it.",
    "printfleet_build_info", [
        row("Now"),
        stat("Printers online", "Printers that are there, whatever they do.", "short",
             [('sum(printfleet_printers{,state!~"offline|unknown"}) or vector(0)', "")]),
        stat("Printing", "Printers with a job under way.", "short",
             [('sum(printfleet_printers{,state=~"downloading|checking|preheating|leveling|printing|'
               'pausing|paused|resuming|stopping"}) or vector(0)', "")]),
        stat("Offline while printing", "Nobody here can see or stop what they do.", "short",
             [("sum(printfleet_printers_offline_with_job{})", "")], red_above=1),
        stat("Waiting for enrolment", "Heard of, and not taken into the fleet yet.", "short",
             [("sum(printfleet_printers_pending{})", "")]),
        stat("Alerts firing", "Of the rules in alerts.yml.", "short",
             [('sum(ALERTS{,alertname=~"Printfleet.+",alertstate="firing"}) or vector(0)', "")],
             red_above=1),
        stat("Farm outage", "Many printers were lost at once: a power cut, or a dead network.",
             "short", [("max(printfleet_farm_outage{})", "")], mappings=BAD_OK),
        stat("Bridge deaf", "Reports or commands do not get through the broker.", "short",
             [("max(printfleet_bridge_deaf{})", "")], mappings=BAD_OK),
        stat("Broker connected", "All connections of the bridge to its broker are up.", "short",
             [("min(printfleet_broker_up{})", "")], mappings=OK_BAD),
        stat("Database connected", "The store takes what comes in.", "short",
             [("min(printfleet_database_up{})", "")], mappings=OK_BAD),
        stat("Waiting on disk", "Messages that the store does not have yet.", "short",
             [("sum(printfleet_spool_messages{})", "")], red_above=1),
        stat("Spool ready", "Whether it would take reports, were the database away now.", "short",
             [(f"min({SPOOL_READY})", "")], mappings=OK_BAD),
        stat("Spool used", "Of spool.bytes_max; when it is full, reports wait in the broker alone.",
             "percentunit", [("max(printfleet_spool_bytes{} / printfleet_spool_limit_bytes{})", "")],
             red_above=0.8),
        stat("Draining the spool", "What was kept goes into the database. Until it is there, "
             "requests to printers are refused; stops go out.", "short",
             [("max(printfleet_spool_draining{})", "")], mappings=BAD_OK),
        stat("Disk free", "Where data_dir is.", "percentunit",
             [("min(printfleet_data_dir_free_bytes{} / printfleet_data_dir_size_bytes{})", "")]),
        stat("Given up for the disk", "How many steps of five, because the disk is nearly full.",
             "short", [("sum(printfleet_disk_shedding{})", "")], red_above=1),
        stat("Last maintenance", "Since a pass that deletes what is old last got through.", "s",
             [("time() - min(printfleet_maintenance_last_success_timestamp_seconds{})", "")],
             red_above=2 * 86400),
        stat("Version", "Of the bridge.", "short",
             [("count by (version) (printfleet_build_info{})", "{{version}}")]),
        stat("Up for", "Since the bridge was started.", "s",
             [("time() - max(process_start_time_seconds{})", "")]),
        row("Printers and prints"),
        panel("Printers by state", "How many printers are in each state.", "short",
              [("sum by (state) (printfleet_printers{})", "{{state}}")],
              custom={"stacking": {"mode": "normal"}, "fillOpacity": 40}),
        panel("Offline by reason", "What spoke against each printer that is offline.", "short",
              [("sum by (reason) (printfleet_printers_offline{}) or vector(0)", "{{reason}}")],
              custom={"stacking": {"mode": "normal"}, "fillOpacity": 40}),
        panel("Flapping, and missing in an outage", "Printers that come and go, and those of an "
              "outage that are not back.", "short",
              [("sum(printfleet_printers_flapping{})", "flapping"),
               ("sum(printfleet_farm_outage_missing_printers{})", "missing")]),
        panel("Prints ended", "By how they ended, in each interval.", "short",
              [("sum by (outcome) (increase(printfleet_jobs_total{}[]))", "{{outcome}}")],
              custom={"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal"}}),
        panel("Failed prints by model", "In each interval. A model that stands out has a cause of "
              "its own.", "short",
              [('sum by (model) (increase(printfleet_jobs_total{,outcome="failed"}[]))', "{{model}}")],
              custom={"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal"}}),
        panel("Duration of prints", "Of those that ended in the interval.", "s",
              [(quantile(0.5, "printfleet_job_duration_seconds"), "half of them"),
               (quantile(0.95, "printfleet_job_duration_seconds"), "95 in 100")]),
        row("Commands"),
        panel("Commands ended", "Executions at printers, by result.", "cps",
              [("sum by (result) (rate(printfleet_commands_total{}[])) or vector(0)", "{{result}}")]),
        panel("Time to the result", "From sending a command to a printer to its result.", "s",
              [(quantile(0.5, "printfleet_command_duration_seconds"), "half of them"),
               (quantile(0.95, "printfleet_command_duration_seconds"), "95 in 100")]),
        panel("Commands under way", "Accepted and not done; executions sent and not ended.", "short",
              [("sum(printfleet_open_commands{})", "commands"),
               ("sum(printfleet_open_executions{})", "executions")]),
        row("Messages"),
        panel("Received", "Messages stored, by what they were.", "cps",
              [("sum by (result) (rate(printfleet_inbound_messages_total{}[]))", "{{result}}"),
               ("sum(rate(printfleet_inbound_duplicates_total{}[]))", "delivered again")]),
        panel("Through the broker", "Round trip of the bridge's heartbeat.", "s",
              [("printfleet_inbound_lag_seconds{}", "{{instance}}")]),
        panel("Time to commit", "How long the store takes for a batch.", "s",
              [(quantile(0.5, "printfleet_inbound_commit_duration_seconds"), "half of them"),
               (quantile(0.95, "printfleet_inbound_commit_duration_seconds"), "95 in 100")]),
        panel("Messages a commit", "How many are stored together: few at rest, more the more come "
              "in, at most inbound.batch_messages_max.", "short",
              [("sum(rate(printfleet_inbound_messages_total{}[])) / "
                "sum(rate(printfleet_inbound_commit_duration_seconds_count{}[]))", "on average")],
              min=0),
        panel("Waiting", "Read and not committed; kept on local disk; to be published.", "short",
              [("sum(printfleet_held_messages{})", "held"),
               ("sum(printfleet_spool_messages{})", "on disk"),
               ("sum(printfleet_outbound_queue_messages{})", "to be published")]),
        panel("Lost", "What the broker dropped, and the bridge's own queue.", "cps",
              [("sum(rate(printfleet_broker_dropped_messages_total{}[]))", "by the broker"),
               ("sum(rate(printfleet_outbound_dropped_messages_total{}[]))", "by the bridge"),
               ("sum(rate(printfleet_outbound_expired_messages_total{}[]))", "too late")]),
        panel("Dead letters", "Messages that could not be used, by reason.", "cps",
              [("sum by (reason) (rate(printfleet_dead_letters_total{}[])) or vector(0)",
                "{{reason}}")]),
        panel("Refused connections", "By the managed broker, by reason.", "cps",
              [("sum by (reason) (rate(printfleet_broker_refused_connections_total{}[])) or vector(0)",
                "{{reason}}")]),
        panel("Restarts of the broker", "Each disconnects every printer.", "short",
              [("sum(increase(printfleet_broker_restarts_total{}[]))", "restarts")]),
        row("Spool"),
        panel("Messages in the spool", "Kept on the disk while the database is away, and not stored yet.", "short",
              [("sum(printfleet_spool_messages{})", "messages")], min=0),
        panel("Oldest on disk", "How long the oldest message waits for the store.", "s",
              [("max(printfleet_spool_oldest_age_seconds{})", "oldest")], min=0),
        panel("Into and out of the spool", "Messages kept, and those of them that the database has "
              "taken.", "cps",
              [("sum(rate(printfleet_spool_kept_total{}[]))", "kept"),
               ("sum(rate(printfleet_spool_stored_total{}[]))", "stored")], min=0),
        panel("Size of the spool", "On the disk, and at how many bytes it takes no more reports.",
              "bytes", [("sum(printfleet_spool_bytes{})", "used"),
                        ("sum(printfleet_spool_limit_bytes{})", "limit")], min=0),
        panel("Spool takes reports", "And why it does not: full, disk_full or unwritable.", "short",
              [(SPOOL_READY, "{{instance}}: {{state}}")], kind="state-timeline", mappings=OK_BAD),
        panel("Spool being drained", "While it is, requests to printers are refused; stops go "
              "out.", "short",
              [("printfleet_spool_draining{}", "{{instance}}")], kind="state-timeline",
              mappings=BAD_OK),
        row("Maintenance"),
        panel("Rows deleted", "Because they were old, by table, in each interval.", "short",
              [("sum by (table) (increase(printfleet_maintenance_rows_deleted_total{}[])) or "
                "vector(0)", "{{table}}")],
              custom={"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal"}}),
        panel("Days dropped", "Because they were old, or the disk nearly full, by table, in each "
              "interval.", "short",
              [("sum by (table) (increase(printfleet_maintenance_partitions_dropped_total{}[])) or "
                "vector(0)", "{{table}}")],
              custom={"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal"}}),
        panel("Maintenance failed", "Passes that did not get through, in each interval; they are "
              "tried again.", "short",
              [("sum(increase(printfleet_maintenance_failures_total{}[]))", "failed")], min=0),
        row("Machine"),
        panel("Disk", "Where data_dir is.", "bytes",
              [("min(printfleet_data_dir_free_bytes{})", "free"),
               ("min(printfleet_data_dir_size_bytes{})", "size")], min=0),
        panel("What is given up", "While the disk is nearly full, in this order: uploads, "
              "telemetry, payloads, the oldest history, commits.", "short",
              [("max by (step) (printfleet_disk_shedding{})", "{{step}}")], kind="state-timeline",
              mappings=BAD_OK),
        panel("Processor", "Of the bridge; 1 is one core.", "short",
              [("sum(rate(process_cpu_seconds_total{}[]))", "cores")], min=0),
        panel("Memory", "Of the bridge.", "bytes",
              [("sum(process_resident_memory_bytes{})", "resident")], min=0),
        panel("Open files", "Of the bridge.", "short",
              [("sum(process_open_fds{})", "open"), ("sum(process_max_fds{})", "limit")], min=0),
        panel("Certificates", "How long each listener's certificate is still good.", "s",
              [("printfleet_certificate_not_after_timestamp_seconds{} - time()",
                "{{listener}} {{what}}")]),
    ])

PRINTER = dashboard(
    "printfleet-printer", "printfleet / Printer", "One printer, or a few side by side.",
    "printfleet_printer_info", [
        row("Printers"),
        panel("Printers", "What they are and what they do.", "short",
              [("printfleet_printer_state{} * on (job, instance, printer_id) group_left (name, model, "
                'firmware) printfleet_printer_info{,name=~"$printer"}', "")],
              kind="table", width=24),
        stat("Online", "Whether it is there.", "short", [(per_printer("up"), "{{name}}")], mappings=OK_BAD),
        stat("Progress", "Of the print under way.", "percentunit",
             [(per_printer("progress_ratio"), "{{name}}")]),
        stat("Remaining", "What the printer expects its print to take yet.", "s",
             [(per_printer("print_remaining_seconds"), "{{name}}")]),
        stat("Last heard", "Since the last report.", "s",
             [("(time() - printfleet_printer_last_report_timestamp_seconds{})" + INFO, "{{name}}")],
             red_above=120),
        row("Over time"),
        panel("State", "What it did when.", "short",
              [(per_printer("state"), "{{name}}: {{state}}")], kind="state-timeline", width=24),
        panel("Nozzle", "Temperature, and what it was told to reach.", "celsius",
              [(per_printer("temperature_celsius", 'sensor="nozzle"'), "{{name}}"),
               (per_printer("temperature_target_celsius", 'sensor="nozzle"'), "{{name}} target")],
              width=12),
        panel("Bed", "Temperature, and what it was told to reach.", "celsius",
              [(per_printer("temperature_celsius", 'sensor="bed"'), "{{name}}"),
               (per_printer("temperature_target_celsius", 'sensor="bed"'), "{{name}} target")],
              width=12),
        panel("Progress over time", "Of its prints.", "percentunit",
              [(per_printer("progress_ratio"), "{{name}}")], width=12, min=0, max=1),
        panel("Online over time", "1 while it was there.", "short",
              [(per_printer("up"), "{{name}}")], width=12, min=0, max=1),
    ], [variable("printer", "printer",
                 'label_values(printfleet_printer_info{job=~"$job",instance=~"$instance"}, name)')])


def texts():
    """{file name: what it must hold}"""
    return {f"{made['uid'].removeprefix('printfleet-')}.json":
            json.dumps(made, indent=1, ensure_ascii=False) + "\n" for made in (FARM, PRINTER)}


if __name__ == "__main__":
    for name, text in texts().items():
        (pathlib.Path(__file__).parent / "dashboards" / name).write_text(text, encoding="utf-8")
