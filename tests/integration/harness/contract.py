"""The messages on the fleet's topics against schema/*.schema.json."""
import functools
import json
import pathlib
import re

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "schema"
# How a message is known by its topic below the root.
TOPICS = [(re.compile(pattern), name) for pattern, name in (
    (r"command(/[^/]+)?", "command"),
    (r"response/[^/]+/.+", "response"),
    (r"printers/[^/]+/state", "state"),
    (r"events", "event"),
    (r"bridge", "bridge"),
)]
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


@functools.cache
def schema(name):
    return json.loads((SCHEMA / f"{name}.schema.json").read_text())


@functools.cache
def _validator(name):
    store = {f"{SCHEMA.as_uri()}/{path.name}": json.loads(path.read_text())
             for path in SCHEMA.glob("*.schema.json")}
    uri = f"{SCHEMA.as_uri()}/{name}.schema.json"
    formats = jsonschema.FormatChecker(formats=())
    formats.checkers = {"date-time": (
        lambda value: not isinstance(value, str) or TIME.fullmatch(value) is not None, ())}
    return jsonschema.Draft7Validator(schema(name), format_checker=formats,
                                      resolver=jsonschema.RefResolver(uri, schema(name), store))


def is_time(text):
    return TIME.fullmatch(text) is not None


def _said(error):
    """The part of the schema that came closest says what is wrong."""
    inner = jsonschema.exceptions.best_match([error])
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}"
                   for part in inner.absolute_path)
    return f"{path or '.'}: {inner.message[:300]}"


def problems(name, document):
    """In what the document is not as schema/<name>.schema.json says; [] for a good one."""
    validator = _validator(name)
    if validator.is_valid(document):
        return []
    return [_said(error) for error in validator.iter_errors(document)]


def name_of(topic, root="fleet/v1"):
    """Which schema a message on this topic follows; None for no topic of ours."""
    if not topic.startswith(root + "/"):
        return None
    below = topic[len(root) + 1:]
    return next((name for pattern, name in TOPICS if pattern.fullmatch(below)), None)


def message_problems(topic, payload, root="fleet/v1"):
    """The same for a message; the empty one that clears a retained message is a good one."""
    name = name_of(topic, root)
    if name is None or not payload:
        return []
    try:
        document = json.loads(payload)
    except ValueError as error:
        return [f"no JSON: {error}"]
    return problems(name, document)
