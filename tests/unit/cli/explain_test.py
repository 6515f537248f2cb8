"""printfleet explain on a recording, word by word; and on what other programs write."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
PRINTFLEET = os.environ.get("PRINTFLEET", str(ROOT / "build/dev/bin/printfleet"))
FIXTURES = ROOT / "tests/fixtures/capture"
TOPIC = "anycubic/anycubicCloud/v1/printer/public/20021/9347a110c5423fe412ce45533bfc10e6"


def explain(*words, text=None):
    return subprocess.run([PRINTFLEET, "explain", *map(str, words)], input=text, capture_output=True,
                          text=True, timeout=60, check=False)


def test_a_recording_is_explained_as_it_was():
    """After a wanted change: printfleet explain kobra2.jsonl > kobra2.txt, and read the difference."""
    result = explain(FIXTURES / "kobra2.jsonl")
    assert result.returncode == 0, result.stderr
    assert result.stdout == (FIXTURES / "kobra2.txt").read_text()


def test_json_says_the_same():
    result = explain(FIXTURES / "kobra2.jsonl", "--json")
    *messages, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(messages) == len((FIXTURES / "kobra2.jsonl").read_text().splitlines()) - 1
    printing = next(each for each in messages if each["state"] == "printing")
    assert printing["fields"]["progress_ratio"] == 0.03
    assert printing["fields"]["elapsed_s"] == 115.98
    assert printing["ignored"] == ["data.new_member"]
    points = {each["point"]: each["settled"]
              for each in last["summary"]["models"]["20021"]["open_points"]}
    assert points["acknowledgements (…/response)"] == "settled"
    assert points["reply to print/query"] == "partly"
    assert points["reply to print/cancel"] == "open"
    assert points["the printer's subscriptions and their QoS"] == "elsewhere"


def test_lines_of_mosquitto_sub():
    status = '{"type":"status","action":"workReport","state":"busy","data":null}'
    lines = [f"{TOPIC}/status/report {status}",
             json.dumps({"tst": "2026-11-25T10:00:00.000Z", "topic": f"{TOPIC}/status/report",
                         "qos": 1, "retain": 0, "payloadlen": len(status), "payload": status})]
    for line in lines:
        result = explain("-", text=line + "\n")
        assert result.returncode == 0, result.stderr
        assert "state unknown -> busy" in result.stdout and 'work="busy"' in result.stdout


def test_bad_lines_are_named_and_cost_nothing_else():
    result = explain("-", text=f"junk\n{{\n{TOPIC}/status/report {{}}\n\x1b]0;title\x07\n")
    assert result.returncode == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["line 1", "line 2", "line 4"]
    assert "1 messages from printers" in result.stdout


def test_nothing_reaches_the_terminal_as_it_is():
    result = explain("-", text=f'{TOPIC}/print/report {{"type":"print","action":"\\u001b[2J","data":'
                               '{"filename":"\\u001b]0;x\\u0007"},"\\u001b[1m":1}\n')
    assert result.returncode == 0 and "\x1b" not in result.stdout and "\x07" not in result.stdout


def test_what_cannot_be_read():
    assert explain("/nowhere").returncode == 2
    assert explain().returncode == 2
    empty = explain("-", text="")
    assert empty.returncode == 0 and "0 messages from printers" in empty.stdout


def test_secrets_of_an_unredacted_recording_stay_hidden():
    topic = TOPIC.replace("v1/printer/public", "v1/server/printer")
    result = explain("-", text=f'{topic}/video {{"type":"video","action":"startCapture","data":'
                               '{"tmpSecretKey":"hunter2","deep":{"password":"hunter2"}}}\n')
    assert result.returncode == 0 and "hunter2" not in result.stdout
