#!/usr/bin/python3
"""schema/*.schema.json and schema/asyncapi.yaml: they are what they claim to be, they know each
other, and they fit every example of the documentation.

Run: /usr/bin/python3 -m unittest tests/unit/schema/contract_test.py
(python3-jsonschema, python3-yaml; nodejs and tests/npm/install.sh for the AsyncAPI document)
"""
import json
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/integration"))
from harness import contract  # noqa: E402

NAMES = ("command", "response", "state", "event", "bridge")
ASYNCAPI = ROOT / "schema/asyncapi.yaml"
# Of the project's other papers, where they stand beside the tree.
INTERFACE = next((path for path in (above / "shared/interface.md" for above in ROOT.parents)
                  if path.exists()), None)
UUID = "9b2d6f0c-3c1e-4f5a-8d7b-0a1b2c3d4e5f"
# What an example may leave out by writing "…", by its name.
FILLED = {"id": UUID, "target_hash": "0" * 64, "if_matched": "0" * 64,
          **{name: "2026-01-01T00:00:00Z" for name in ("state_since", "reported_at", "received_at")}}


def examples(text):
    """(line, object) for every JSON object of a text that stands in no other one."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
            continue
        if value:
            yield text.count("\n", 0, at) + 1, value
        at = end


def kind_of(document):
    """Which of our messages an object is meant to be; None for none of them."""
    if "event" in document:
        return "response"
    if "event_id" in document:
        return "event"
    if "command" in document and "payload" not in document:
        return "command"
    return "state" if "printer_id" in document and "v" in document else None


def filled(document):
    return {key: FILLED[key] if isinstance(value, str) and "…" in value and key in FILLED else value
            for key, value in document.items()}


def schema_objects(value, path="#"):
    if isinstance(value, dict):
        yield path, value
        for key, child in value.items():
            if key not in ("enum", "const", "examples"):
                yield from schema_objects(child, f"{path}/{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from schema_objects(child, f"{path}/{index}")


class Schemas(unittest.TestCase):
    def test_are_schemas(self):
        for name in NAMES:
            with self.subTest(name):
                self.assertEqual(contract.schema(name)["$schema"],
                                 "http://json-schema.org/draft-07/schema#")
                jsonschema.Draft7Validator.check_schema(contract.schema(name))

    def test_refer_to_what_is_there(self):
        for name in NAMES:
            for path, value in schema_objects(contract.schema(name)):
                if isinstance(value.get("$ref"), str):
                    file, _, fragment = value["$ref"].partition("#")
                    target = contract.schema(file.removesuffix(".schema.json") if file else name)
                    for part in fragment.split("/")[1:]:
                        self.assertIn(part, target, f"{name} {path}")
                        target = target[part]

    def test_every_argument_is_described(self):
        definitions = contract.schema("command")["definitions"]
        arguments = [(f"{command} {name}", argument)
                     for command, args in definitions.items() if "." in command
                     for name, argument in args.get("properties", {}).items()]
        self.assertGreater(len(arguments), 50)
        for where, argument in arguments:
            self.assertTrue(argument["description"], where)

    def test_words_are_those_of_the_tables(self):
        """Closed lists stand in the schemas, in the C++ tables and in the database."""
        states = contract.schema("state")["properties"]
        target = contract.schema("command")["properties"]["target"]["properties"]
        self.assertEqual(states["state"]["enum"], target["states"]["items"]["enum"])
        self.assertEqual(states["bed"]["enum"], target["bed"]["items"]["enum"])
        self.assertEqual(states["enrolment"]["enum"], target["enrolment"]["items"]["enum"])
        words = contract.schema("response")["definitions"]
        for file, listed in [
                ("bridge/printer/names.cc", states["state"]["enum"]),
                ("bridge/printer/names.cc", states["offline_reason"]["enum"][:-1]),
                ("bridge/printer/names.cc", words["job"]["properties"]["state"]["enum"]),
                ("bridge/fleet/command.cc", words["skip_reason"]["enum"]),
                ("bridge/fleet/command.cc", words["execution_row"]["properties"]["state"]["enum"])]:
            spelled = re.findall(r'(?:return |, )"(\w+)"', (ROOT / file).read_text())
            self.assertIn(" ".join(listed), " ".join(spelled), file)


# What a request may not be, each made of a good one.
GOOD = {"id": UUID, "command": "fan.set", "target": {"models": ["K2Pro"]}, "args": {"fan_ratio": 0.5}}
BAD = {
    "no command": {"command": ...},
    "an unknown command": {"command": "fan.sett"},
    "no id": {"id": ...},
    "an id that is no UUID": {"id": "17"},
    "no target": {"target": ...},
    "an empty target": {"target": {}},
    "a target that names nobody": {"target": {"limit": 3}},
    "an unknown selector": {"target": {"model": ["K2Pro"]}},
    "an unknown state": {"target": {"states": ["flying"]}},
    "no argument": {"args": {}},
    "no arguments": {"args": ...},
    "an unknown argument": {"args": {"fan_ratio": 0.5, "speed": 1}},
    "another command's argument": {"args": {"bed_target_c": 60}},
    "too much": {"args": {"fan_ratio": 1.5}},
    "of another type": {"args": {"fan_ratio": "1"}},
    "an unknown option": {"options": {"dryrun": True}},
    "an option too large": {"options": {"heating_limit": 10001}},
    "a pause too long": {"options": {"interval_ms": 3600001}},
    "an unknown member": {"optoins": {}},
}


def changed(changes):
    document = {**GOOD, **changes}
    return {key: value for key, value in document.items() if value is not ...}


class Requests(unittest.TestCase):
    def test_a_good_one(self):
        for document in (GOOD, changed({"id": ..., "options": {"dry_run": True}}),
                         {"command": "printer.list"},
                         changed({"options": {"interval_ms": 0, "heating_limit": 1,
                                              "expires_at": "2026-01-01T00:00:00Z"}})):
            self.assertEqual(contract.problems("command", document), [])

    def test_bad_ones(self):
        for what, changes in BAD.items():
            with self.subTest(what):
                self.assertTrue(contract.problems("command", changed(changes)))


class Documentation(unittest.TestCase):
    def check(self, path):
        found = 0
        for line, document in examples(path.read_text()):
            kind = kind_of(document)
            if kind is None:
                continue
            found += 1
            document = filled(document)
            if kind == "response" and path == INTERFACE:  # "each with id, event, at"
                document = {"id": UUID, "at": "2026-01-01T00:00:00Z", "command_id": 1, **document}
                if document["event"] not in ("accepted", "done"):
                    del document["command_id"]
                elif document["event"] == "done":
                    document |= {"matched": 14, "target_hash": "0" * 64}
            with self.subTest(f"{path}:{line}"):
                self.assertEqual(contract.problems(kind, document), [])
        return found

    def test_examples_are_messages(self):
        found = {path: self.check(path) for path in
                 [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
                 if "build" not in path.parts and "fixtures" not in path.parts}
        self.assertGreaterEqual(found[ROOT / "README.md"], 1)
        self.assertGreaterEqual(found[ROOT / "schema/README.md"], 4)

    @unittest.skipUnless(INTERFACE, "no shared/interface.md beside this tree")
    def test_examples_of_the_interface_are_messages(self):
        self.assertGreaterEqual(self.check(INTERFACE), 7)


class AsyncApi(unittest.TestCase):
    document = yaml.safe_load(ASYNCAPI.read_text())

    def test_is_one(self):
        """By AsyncAPI's own parser."""
        self.assertTrue((ROOT / "build/npm/installed.json").exists(),
                        "tests/npm/install.sh installs what this needs")
        said = subprocess.run(["node", ROOT / "tests/npm/asyncapi.cjs", ASYNCAPI],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "", ""))

    def test_examples_follow_their_payloads(self):
        count = 0
        for name, message in self.document["components"]["messages"].items():
            for example in message.get("examples", []):
                count += 1
                payload = message["payload"]
                with self.subTest(f"{name} {example['name']}"):
                    if "$ref" in payload:
                        schema = re.fullmatch(r"\./(\w+)\.schema\.json", payload["$ref"])[1]
                        self.assertEqual(contract.problems(schema, example["payload"]), [])
                    else:
                        jsonschema.validate(example["payload"], payload)
        self.assertGreaterEqual(count, 12)

    def test_schemas_are_those_of_the_topics(self):
        messages = self.document["components"]["messages"]
        for channel in self.document["channels"].values():
            address = re.sub(r"\{\w+\}", "x", channel["address"] or "fleet/v1/response/x/x")
            (reference,) = channel["messages"].values()
            payload = messages[reference["$ref"].rsplit("/", 1)[1]]["payload"]
            name = contract.name_of(address)
            self.assertEqual(payload.get("$ref"), name and f"./{name}.schema.json", address)

    @unittest.skipUnless(INTERFACE, "no shared/interface.md beside this tree")
    def test_has_every_topic_of_the_interface(self):
        table = re.findall(r"^\| `(fleet/v1/[^`]+)` \|", INTERFACE.read_text(), re.M)
        self.assertEqual(len(table), 7)
        addresses = {re.sub(r"\{\w+\}", "*", channel["address"] or "")
                     for channel in self.document["channels"].values()}
        for topic in table:
            self.assertIn(re.sub(r"<\w+>", "*", topic), addresses)


if __name__ == "__main__":
    unittest.main()
