#!/usr/bin/python3
"""The configuration's JSON Schema, against the examples and against reference.yaml.

Run: /usr/bin/python3 -m unittest tests/unit/settings/schema_test.py   (python3-jsonschema, python3-yaml)
"""
import json
import pathlib
import re
import unittest

import jsonschema
import yaml

CONFIG = pathlib.Path(__file__).resolve().parents[3] / "config"
SCHEMA = json.loads((CONFIG / "configuration.schema.json").read_text())
EXAMPLES = ["workshop.yaml", "farm.yaml", "external.yaml", "reference.yaml"]


def uncommented():
    """reference.yaml with every "#key: value" set."""
    text = (CONFIG / "reference.yaml").read_text()
    return yaml.safe_load(re.sub(r"(?m)^( *)#(?=[a-z-])", r"\1", text))


def schema_keys(schema, path=""):
    for key, child in schema.get("properties", {}).items():
        name = f"{path}.{key}" if path else key
        yield name, child
        yield from schema_keys(child.get("items", child), name + ("[]" if "items" in child else ""))


def document_keys(value, path=""):
    if isinstance(value, dict):
        for key, child in value.items():
            name = f"{path}.{key}" if path else key
            yield name, child
            yield from document_keys(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from document_keys(child, path + "[]")


class Schema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_examples_are_valid(self):
        for name in EXAMPLES:
            with self.subTest(name):
                jsonschema.validate(yaml.safe_load((CONFIG / name).read_text()), SCHEMA)

    def test_knows_the_keys_of_reference_yaml(self):
        self.assertEqual({name for name, _ in schema_keys(SCHEMA)},
                         {name for name, _ in document_keys(uncommented())})

    def test_has_the_defaults_of_reference_yaml(self):
        values = dict(document_keys(uncommented()))
        for name, schema in schema_keys(SCHEMA):
            if "default" in schema:
                self.assertEqual(schema["default"], values[name], name)

    def test_refuses_mistakes(self):
        for text in ["{}", "data_dir: relative", "{data_dir: /x, brokr: {}}",
                     "{data_dir: /x, broker: {mode: external}}",
                     "{data_dir: /x, broker: {url: 'mqtt://h:1'}}",
                     "{data_dir: /x, broker: {listeners: [{port: 70000}]}}",
                     "{data_dir: /x, broker: {listeners: [{tls: {cert_file: /c}}]}}"]:
            with self.subTest(text), self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(yaml.safe_load(text), SCHEMA)


if __name__ == "__main__":
    unittest.main()
