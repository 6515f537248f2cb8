#!/usr/bin/python3
"""The rules of the tree that a compiler does not know: who may include whom, what the layers that
decide may not call, where a library may show, how long a file may be.

Run: tests/tidy_test.py [ROOT] | tests/tidy_test.py --self-test
One problem a line, `file:line: rule: what`; exit code 1 if there is any.
"""
import pathlib
import re
import sys
import tempfile

LINES_MAX = 500
CODE = (".cc", ".h")
TEXTS = CODE + (".py", ".sh", ".sql", ".cmake")
ROOTS = ("bridge", "broker", "bench", "tests", "deploy", "cmake", "schema")

# The include table (design: base < settings, protocol < printer < fleet < rollout < core). Every
# folder sees itself.
SHELLS = ("mqtt", "store", "spool", "http", "metrics", "notify", "child", "broker")
SEES = {"base": "", "settings": "base", "protocol": "base", "printer": "base settings protocol",
        "fleet": "base settings protocol printer", "rollout": "base settings protocol printer fleet",
        "core": "base settings protocol printer fleet rollout",
        "cli": "base settings capture broker setup",
        "setup": "base settings broker", "library": "base settings",
        "capture": "base settings protocol printer", "generate": "base settings",
        **{shell: "base settings" for shell in SHELLS}, "bench/simulator": "",
        "bench": "base settings protocol core bench/simulator", "main.cc": "cli daemon broker"}
SEES["http"] += " library"  # uploads and downloads are streamed between a connection and its files
SEES = {layer: set(text.split()) for layer, text in SEES.items()}
SEES["daemon"] = set(SEES) - {"main.cc", "bench/simulator", "bench", "cli", "generate", "setup"}
# Single headers beyond that; of core's, also what they include themselves.
CORE_TYPES = ("core/event.h", "core/effect.h", "core/rows.h", "core/loaded.h")
COMMAND_TYPES = {"fleet/catalog.h", "fleet/command.h", "fleet/request.h"}
COUNTED = {"core/counters.h"}  # what metrics are made of
PURE = ("protocol", "printer", "capture", "fleet", "rollout", "core")

# Where a library may show. Those of SOURCES_ONLY never in a header.
LIBRARIES = {"pqxx/": "store", "libpq-fe.h": "store", "mosquitto.h": "mqtt cli bench",
             "mqtt_protocol.h": "mqtt cli bench", "yaml-cpp/": "settings", "civetweb.h": "http",
             "prometheus/": "metrics", "benchmark/": "bench",
             "rapidjson/": "base bench bench/simulator", "CLI/": "cli bench bench/simulator",
             "openssl/": "base broker bench/simulator", "curl/": "notify cli bench/simulator",
             "sqlite3.h": "spool"}
SOURCES_ONLY = ("pqxx/", "libpq-fe.h", "mosquitto.h", "mqtt_protocol.h", "yaml-cpp/", "civetweb.h",
                "CLI/", "curl/", "sqlite3.h")
SYSTEM = re.compile(r"[a-z_0-9]+$|(sys|linux|net|netinet|arpa)/\w+\.h$|"
                    r"(fcntl|grp|ifaddrs|malloc|netdb|poll|pthread|pwd|signal|spawn|syslog|termios|unistd)\.h$")

CLOCKS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|gettimeofday|clock_gettime|"
                    r"localtime|gmtime)\b|(?<![\w.>])time\((NULL|nullptr|0|&)")
CALLS = re.compile(r"\b(s?rand|getenv|fopen|f?printf|usleep|nanosleep|system)\(|"
                   r"\b(random_device|sleep_for|this_thread)\b")
INPUT_OUTPUT = re.compile(r"(thread|mutex|shared_mutex|condition_variable|atomic|future|fstream|"
                          r"iostream|filesystem|ctime|time\.h|unistd\.h|fcntl\.h|poll\.h|netdb\.h|"
                          r"(sys|linux|net|netinet|arpa)/.*)$")
SQL = re.compile(r'"[^"\n]*\b(SELECT .*|INSERT INTO|DELETE FROM|CREATE TABLE|UPDATE \S+ SET)\b')

# Numbers with ', comments, raw strings, strings, characters.
TOKEN = re.compile(r"""\b\d[\w']*|//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|"""
                   r"""'(?:\\.|[^'\\\n])*'""", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)', re.M)


def without(text, starts):
    """`text` with each token that begins so blanked; line numbers stay."""
    return TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0])
                     if token[0].startswith(starts) else token[0], text)


class Source:
    def __init__(self, root, path):
        self.name = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.text = path.read_text(errors="replace")
        parts = self.name.split("/")
        self.layer = {"bridge": parts[1] if len(parts) > 1 else "", "broker": "broker",
                      "bench": "/".join(parts[:-1])}.get(parts[0], "")
        self.code = without(self.text, ("//", "/*")) if self.suffix in CODE else ""
        self.bare = without(self.code, ('"', "R", "'"))
        self.includes = [(self.code.count("\n", 0, found.start(2)) + 1, found[1], found[2])
                         for found in INCLUDE.finditer(self.code)]

    def find(self, pattern, text):
        for found in re.finditer(pattern, text):
            yield text.count("\n", 0, found.start()) + 1, found[0].strip()


def layer_of(header):
    parts = header.split("/")
    return "/".join(parts[:-1]) if parts[0] == "bench" else parts[0]


def closure(sources, headers):
    includes = {source.name.removeprefix("bridge/"): source.includes for source in sources}
    seen, todo = set(), list(headers)
    while todo:
        header = todo.pop()
        if header not in seen:
            seen.add(header)
            todo += [name for _, kind, name in includes.get(header, []) if kind == '"']
    return seen


def check_includes(source, core_types):
    allowed = SEES.get(source.layer)
    if allowed is None:
        yield 1, "layers", f"folder {source.layer} is not in the include table of tests/tidy_test.py"
        return
    extra = {"cli": COMMAND_TYPES, "metrics": core_types | COUNTED}.get(source.layer)
    extra = core_types if extra is None and source.layer in SHELLS else extra or set()
    for line, kind, header in source.includes:
        if kind == '"':
            if layer_of(header) not in allowed | {source.layer} and header not in extra:
                yield line, "layers", f"{source.layer} may not include {header}"
            continue
        library = next((name for name in LIBRARIES if header.startswith(name)), None)
        if library and source.layer not in LIBRARIES[library].split():
            yield line, "libraries", f"<{header}> belongs to {LIBRARIES[library]}"
        elif library in SOURCES_ONLY and source.suffix == ".h":
            yield line, "libraries", f"<{header}> in a header: declare its types instead"
        elif not library and not SYSTEM.match(header):
            yield line, "libraries", f"<{header}> is of no library in the table"
        if source.layer in PURE and INPUT_OUTPUT.match(header):
            yield line, "pure", f"{source.layer} decides and may not include <{header}>"


def check_calls(source):
    if source.layer in PURE + ("base", "settings"):
        for line, what in source.find(CLOCKS, source.bare):
            yield line, "pure", f"{source.layer} calls a clock: {what}"
    if source.layer in PURE:
        for line, what in source.find(CALLS, source.bare):
            yield line, "pure", f"{source.layer} decides and may not call {what}"
    if source.layer and source.layer not in ("store", "spool"):
        for line, _ in source.find(SQL, source.code):
            yield line, "sql", "SQL outside of store"


def check_text(source):
    if (lines := source.text.count("\n")) > LINES_MAX:
        yield lines, "length", f"{lines} lines, at most {LINES_MAX}"
    # Spelled so that these lines are not found themselves.
    for line, _ in source.find(r"\b(TO" r"DO(?!\([\w-]+\): \S)|FIX" r"ME)\b", source.text):
        yield line, "todo", "say it as TO" "DO(owner): condition"
    if source.suffix == ".h" and not re.search(r"^#pragma once$", source.code, re.M):
        yield 1, "pragma", "no #pragma once"
    if source.suffix == ".h" and not source.text.startswith("//"):
        yield 1, "header", "no comment at its top that says what it is"
    for line, what in source.find(r"\busing\s+namespace\b(?!.*literals;).*", source.bare):
        yield line, "using", what


def check_fixtures(root, sources):
    mentioned = "".join(source.text for source in sources if source.name.startswith("tests/"))
    for path in sorted((root / "tests/fixtures").rglob("*")):
        folders = path.relative_to(root / "tests").parents[:-2]  # those below fixtures/
        used = path.stem in mentioned or any(folder.as_posix() in mentioned for folder in folders)
        if path.is_file() and path.suffix != ".md" and not used:
            yield f"{path.relative_to(root)}:1: fixtures: no test mentions it or its folder"


def check_map(root):
    readme = root / "bridge/README.md"
    listed = set(re.findall(r"^\| `(\w+)/`", readme.read_text() if readme.exists() else "", re.M))
    there = {path.name for path in (root / "bridge").iterdir() if path.is_dir()}
    for name in sorted(listed ^ there):
        yield f"bridge/README.md:1: map: {name}/ is {'missing' if name in there else 'not there'}"


def check_links(root):
    for path in sorted(root.glob("b*/**/CMakeLists.txt")):
        text = path.read_text()
        for found in re.finditer(r"printfleet_layer\((\w+)([^)]*)\)", text):
            linked = set(re.split(r"LIBRARIES", found[2])[0].replace("LAYERS", "").split())
            core = {"core"} if found[1] in SHELLS else {"fleet"} if found[1] == "cli" else set()
            for layer in sorted(linked - SEES.get(found[1], set()) - core):
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path.relative_to(root)}:{line}: links: {found[1]} may not link {layer}"


def problems(root):
    sources = [Source(root, path) for top in ROOTS for path in sorted((root / top).rglob("*"))
               if path.suffix in TEXTS and path.is_file()]
    core_types = closure(sources, CORE_TYPES)
    for source in sources:
        found = list(check_text(source))
        if source.layer and source.suffix in CODE:
            found += [*check_includes(source, core_types), *check_calls(source)]
        for line, rule, what in found:
            yield f"{source.name}:{line}: {rule}: {what}"
    yield from check_fixtures(root, sources)
    yield from check_map(root)
    yield from check_links(root)


# ---- The test's own test: a small clean tree, then one violation after the other.

CLEAN = {
    "bridge/README.md": "| `base/` | a |\n| `core/` | b |\n| `cli/` | c |\n| `mqtt/` | d |\n"
                        "| `store/` | e |\n| `fleet/` | f |\n| `settings/` | g |\n",
    "bridge/base/log.h": "// A log; system_clock is a word here.\n#pragma once\n#include <string>\n",
    "bridge/settings/load.cc": "#include <fstream>\n#include <yaml-cpp/yaml.h>\n",
    "bridge/fleet/world.h": '// World.\n#pragma once\n#include "base/log.h"\n',
    "bridge/fleet/catalog.h": "// Catalog.\n#pragma once\n",
    "bridge/core/event.h": '// Event.\n#pragma once\n#include "fleet/world.h"\n',
    "bridge/core/core.cc": "int a = 1'000; const char* t = \"system_clock\"; int b = 2'000;\n"
                           "int c = message.time(0); int d = snprintf(t, 1, t);\n",
    "bridge/mqtt/inbound.cc": '#include "core/event.h"\n#include "fleet/world.h"\n'
                              "#include <mosquitto.h>\n#include <chrono>\n",
    "bridge/cli/send.cc": '#include "fleet/catalog.h"\n#include <CLI/CLI.hpp>\n',
    "bridge/store/write.cc": 'auto sql = "SELECT 1 FROM x";\n#include <pqxx/pqxx>\n',
    "bridge/store/CMakeLists.txt": "printfleet_layer(store LAYERS base core LIBRARIES x)\n",
    "bench/simulator/main.cc": '#include "bench/simulator/farm.h"\n#include <curl/curl.h>\n',
    "tests/unit/a_test.cc": '// TO' 'DO(lead): when there is a b\nauto x = "tests/fixtures/used";\n',
    "tests/fixtures/used/a.json": "{}\n", "tests/fixtures/used/deep/b.json": "{}\n", "tests/fixtures/README.md": "\n",
}
VIOLATIONS = [  # rule, file, content
    ("layers", "bridge/fleet/a.cc", '#include "core/event.h"\n'),
    ("layers", "bridge/mqtt/a.cc", '#include "store/worker.h"\n'),
    ("layers", "bridge/mqtt/a.cc", '#include "core/core.h"\n'),
    ("layers", "bridge/cli/a.cc", '#include "fleet/world.h"\n'),
    ("layers", "bench/simulator/a.cc", '#include "base/log.h"\n'),
    ("layers", "broker/a.cc", '#include "child/process.h"\n'),
    ("libraries", "bridge/core/a.cc", "#include <pqxx/pqxx>\n"),
    ("libraries", "bridge/store/a.cc", "#include <rapidjson/document.h>\n"),
    ("libraries", "bridge/mqtt/a.h", "// A.\n#pragma once\n#include <mosquitto.h>\n"),
    ("libraries", "bridge/base/a.cc", "#include <boost/asio.hpp>\n"),
    ("pure", "bridge/core/a.cc", "auto n = std::chrono::system_clock::now();\n"),
    ("pure", "bridge/base/a.cc", "auto n = time(nullptr);\n"),
    ("pure", "bridge/fleet/a.cc", "int x = rand();\n"),
    ("pure", "bridge/core/a.cc", "#include <sys/socket.h>\n"),
    ("pure", "bridge/core/a.cc", "#include <thread>\n"),
    ("sql", "bridge/core/a.cc", 'auto sql = "INSERT INTO fleet.jobs";\n'),
    ("length", "bridge/core/a.cc", "\n" * (LINES_MAX + 1)),
    ("todo", "bridge/core/a.cc", "// TO" "DO: later\n"),
    ("pragma", "bridge/core/a.h", "// A.\n// #pragma once\n"),
    ("header", "bridge/core/a.h", "#pragma once\n"),
    ("using", "tests/unit/b_test.cc", "using namespace std;\n"),
    ("fixtures", "tests/fixtures/lost/lost.json", "{}\n"),
    ("map", "bridge/spool/a.cc", "\n"),
    ("map", "bridge/README.md", CLEAN["bridge/README.md"] + "| `gone/` | h |\n"),
    ("links", "bridge/store/CMakeLists.txt", "printfleet_layer(store LAYERS base mqtt)\n"),
]


def found_in(files):
    with tempfile.TemporaryDirectory() as name:
        for path, content in files.items():
            (pathlib.Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (pathlib.Path(name) / path).write_text(content)
        return list(problems(pathlib.Path(name)))


def self_test():
    failures = [f"found in a clean tree: {problem}" for problem in found_in(CLEAN)]
    for rule, path, content in VIOLATIONS:
        found = found_in({**CLEAN, path: content})
        if not any(f": {rule}: " in problem for problem in found):
            failures.append(f"not caught: {rule} in {path}: {content!r}; found: {found}")
    return failures


def main(arguments):
    here = pathlib.Path(__file__).resolve().parents[1]
    root = pathlib.Path(arguments[0]) if arguments and arguments[0] != "--self-test" else here
    found = self_test() if "--self-test" in arguments else list(problems(root))
    print("\n".join(found) or "tidy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
