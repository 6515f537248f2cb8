#!/usr/bin/python3
"""Seeds for the fuzz targets, made of what the tree has: recorded messages, captures, the example
configurations and what was found before. One folder a target, and a dictionary of the protocol's words.

Run: tests/fuzz/seeds.py OUTPUT
"""
import base64
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PUBLIC = "anycubic/anycubicCloud/v1/printer/public/"
UUID = "7b2c3d60-1111-4222-8333-94445555%04x"

# One request of each command that acts on printers, and some that do not.
REQUESTS = [
    ("print.start", {"url": "http://h/a.gcode", "md5": "0" * 32, "size_bytes": 9, "filename": "a.gcode"}),
    ("print.start", {"file": {"storage": "local", "path": "/", "filename": "a.gcode"}}),
    ("print.pause", {}), ("print.resume", {}), ("print.stop", {"task_id": "7"}), ("print.cancel", {}),
    ("print.update", {"nozzle_target_c": 200, "fan_ratio": 0.5, "z_offset_mm": 0.1, "unattended_ok": True}),
    ("print.update", {"nozzle_target_c": 0, "bed_target_c": 0}), ("print.query", {"task_id": "7"}),
    ("print.slice_params", {}), ("print.map_local_task", {"task_id": "7", "local_task": "x"}),
    ("fan.set", {"fan_ratio": 1}), ("file.list_local", {"path": "/"}), ("file.delete_usb", {"filename_b64": "YQ=="}),
    ("video.start_capture", {"region": "r", "tmp_secret_key": "k", "tmp_secret_id": "i", "session_token": "t"}),
    ("ota.update", {"url": "http://h/f", "md5": "0" * 32, "size_bytes": 9, "version": "3.1.2", "confirm": True}),
    ("ota.report_version", {}), ("status.query", {}),
    ("printer.raw", {"type": "light", "action": "query", "data": {"a": [1, None]}}),
    ("printer.set", {"name": "n", "labels": {"a": "b"}, "bed": "clear", "maintenance": None}),
    ("printer.enroll", {}), ("printer.retire", {}), ("printer.list", {"limit": 5}), ("fleet.hold", {"reason": "r"}), ("fleet.release", {}),
   
    ("job.list", {"state": "open"}), ("job.get", {"job_id": 1}), ("command.list", {}), ("command.cancel", {"id": UUID % 0}), ("event.list", {}),
]
TARGETS = [{"all": True}, {"printers": ["9347a110c5423fe412ce45533bfc10e6"]}, {"models": ["K2Pro"], "limit": 1},
           {"states": ["idle"], "firmware": ">=3.0.9", "exclude": ["d"], "percent": 50}]


def text(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def messages():
    """(topic, payload, is it a printer's) of what was recorded, one line each."""
    for path in sorted((ROOT / "tests/fixtures/payloads").glob("*.json")):
        message = json.loads(path.read_text())
        is_report = "__report-" in path.name or "__response-" in path.name
        yield message["topic"].replace("v1/web/printer/", "v1/printer/public/"), text(message["payload"]), is_report
    for path in sorted((ROOT / "tests/fixtures/captures").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            message = json.loads(line)
            yield message["topic"], text(message["payload"]), True


def requests():
    for number, (command, args) in enumerate(REQUESTS):
        request = {"id": UUID % number, "command": command, "args": args, "target": TARGETS[number % len(TARGETS)]}
        if number % 3 == 0:
            request["options"] = {"timeout_s": 5, "max_in_flight": 1, "on_offline": "wait"}
        yield text(request)


def script(reports, commands):
    """Printers that report and are asked, in a row, with time and a restart between."""
    lines = []
    for number, (type_, payload) in enumerate(reports):
        lines.append(f"{number % 2} {type_} {payload}")
        lines += [["b"], ["t 3000"], ["k 0"], ["d"], ["x", "l"]][number % 5]
    for number, command in enumerate(commands):
        lines += [("c", "q", "v")[number % 3] + " " + command, "b", "k 0", "t 1000"]
    return "\n".join(lines + ['a {"job_id":1}', "l down", "t 20000", "l", "n"])


def seeds():
    recorded = [(topic, payload.replace("\n", " ")) for topic, payload, is_report in messages() if is_report]
    versions = ["3.1.2\n3.1.0", "3.0.10\n3.1", "x\n", "3.1.2.3 \n3.1.2"]
    every_request = list(requests())
    typed = []
    for number, (topic, payload) in enumerate(recorded):
        type_ = topic.removeprefix(PUBLIC).split("/")[2:3]
        yield "Topic", topic + "\n" + versions[number % len(versions)]
        yield "Decode", (type_ or ["x"])[0] + "\n" + payload
        yield "Json", payload
        yield "Recording", topic + " " + payload + "\n" + text({"topic": topic, "payload": payload, "qos": 1})
        typed += [(type_[0], payload)] if type_ else []
    for at in range(0, len(typed), 12):
        yield "Core", "l\n" + script(typed[at:at + 12], every_request[at % 20:at % 20 + 4])
    for number, request in enumerate(every_request):
        yield "Request", "cvq"[number % 3] + request
        yield "Json", request
        printers = [{"printer_id": "d", "name": "d", "task_id": "7", "msgid": "m"}, {"printer_id": "e", "message": "offline"}]
        record = {"v": 1, "at_ms": 1767225600000, "author": "local", "role": "operator", "response_topic": "",
                  "correlation_data_b64": "YQ==", "payload_b64": base64.b64encode(request.encode()).decode(),
                  "target_hash": "h", "printers": printers, "at": 1767225600000, "request_id": "r",
                  "command": "print.stop", "target": "{}", "args": "{}", "outcome": "rejected(unavailable)"}
        yield "Stops", text(record)
    for path in sorted((ROOT / "config").glob("*.yaml")):
        yield {"models": "Models", "error_codes": "Codes"}.get(path.stem, "Settings"), path.read_text()
    printer = {"printer_id": "d", "model_id": "20021", "name": "n", "firmware": "3.1.2", "enrolment": "enrolled",
               "topic_form": "short", "groups": ["g"], "labels": {"a": "b"}, "last_task_id": "7", "model": "K2Pro"}
    yield "Snapshot", text(printer) + "\n" + text({"printer_id": "e", "model_id": "m7"}) + "\n"
    yield "Users", "# people\nann:operator:$7$101$a$b\nvic:viewer:$7$101$c$d\n"


def words():
    """What stands in quotes or between slashes in the recorded messages, and YAML's keys."""
    found = set()
    for topic, payload, _ in messages():
        found.update(re.findall(r'"([\w.-]{2,24})"', payload) + topic.split("/"))
    for request in requests():
        found.update(re.findall(r'"([\w.-]{2,24})"', request))
    for path in (ROOT / "config").glob("*.yaml"):
        found.update(word + ":" for word in re.findall(r"(\w{3,}):", path.read_text()))
    return sorted(word for word in found if 2 <= len(word) <= 24 and word.isprintable() and '"' not in word)


def main(output):
    counts = {}
    for target, seed in seeds():
        folder = output / target
        folder.mkdir(parents=True, exist_ok=True)
        counts[target] = counts.get(target, 0) + 1
        (folder / f"{counts[target]:04}").write_bytes(seed.encode("utf-8", "surrogateescape"))
    for path in (ROOT / "tests/fixtures/fuzz").glob("*/*"):
        (output / path.parent.name / path.name).write_bytes(path.read_bytes())
    quoted = [word.replace("\\", "\\\\") for word in words()]
    (output / "words.dict").write_text("".join(f'"{word}"\n' for word in quoted if word.isascii()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
