#!/usr/bin/python3
"""The deliberate faults of mutants.txt.

  mutants.py make ROOT OUT           copies of the sources named there, with every fault in them,
                                     chosen at run time (mutant.h)
  mutants.py test PROGRAM SCENARIOS  runs each fault: fails when one survives, or when none chosen
                                     fails
"""
import concurrent.futures
import dataclasses
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# Small farms in much trouble: what a fault needs to show.
SEEDS = ["--seeds", "1..12", "--printers", "8", "--minutes", "45", "--requests", "20"]
SEEDS_WITHOUT_FAULT = ["--seeds", "1..4", "--printers", "8", "--minutes", "45", "--requests", "20"]
WORKERS = 2
TIMEOUT_S = 120


@dataclasses.dataclass
class Mutant:
    number: int
    what: str
    changes: list = dataclasses.field(default_factory=list)  # file, old, new


def read_mutants():
    mutants = []
    file = old = None
    for number, line in enumerate((HERE / "mutants.txt").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if found := re.match(r"(\d+) (.*)", line):
            mutants.append(Mutant(int(found[1]), found[2]))
        elif line.startswith("- "):
            old = line[2:]
        elif line.startswith("+ "):
            mutants[-1].changes.append((file, old, line[2:], number))
        else:
            file = line
    return mutants


def mutated(text, mutant, old, new, where):
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        sys.exit(f"{where}: stands {len(found)} times in the source, must stand once: {old}")
    new = re.sub(r"\bMUTANT\b", f"(::printfleet::chosen_mutant == {mutant})", new)
    return text[:found[0].start()] + new + text[found[0].end():]


def make(root, out):
    texts = {}
    for mutant in read_mutants():
        for file, old, new, number in mutant.changes:
            text = texts.get(file) or (root / file).read_text()
            texts[file] = mutated(text, mutant.number, old, new,
                                  f"{HERE / 'mutants.txt'}:{number}: {file}")
    for file, text in texts.items():
        path = out / pathlib.Path(file).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('#include "tests/sim/mutant.h"\n' + text)


def run(program, mutant, arguments):
    """What a run found: "" for nothing."""
    try:
        done = subprocess.run([program, "--mutant", str(mutant), *arguments], text=True,
                              capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"did not end within {TIMEOUT_S} s"
    if done.returncode == 0:
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    found = [line for line in lines if line.startswith(("VIOLATION", "DIFFERENT", "CHECK"))]
    return (found or lines or [f"exit code {done.returncode}"])[-1]


def try_mutant(program, scenarios, mutant):
    begin = time.monotonic()
    by_scenario = run(program, mutant.number, ["--scenarios", scenarios])
    by_seed = run(program, mutant.number, SEEDS)
    return mutant, by_scenario, by_seed, time.monotonic() - begin


def test(program, scenarios):
    failed = False
    for arguments in (["--scenarios", scenarios], SEEDS_WITHOUT_FAULT):
        if found := run(program, 0, arguments):
            print(f"without a fault: {found}")
            failed = True
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for mutant, by_scenario, by_seed, took in pool.map(
                lambda each: try_mutant(program, scenarios, each), read_mutants()):
            caught = by_scenario or by_seed
            print(f"{mutant.number:3} {mutant.what}: {'caught' if caught else 'SURVIVED'} "
                  f"({took:.1f} s)\n      scenario: {by_scenario or '-'}\n      seed: {by_seed or '-'}")
            failed |= not caught
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "test"):
        sys.exit(__doc__)
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    else:
        sys.exit(test(sys.argv[2], sys.argv[3]))
