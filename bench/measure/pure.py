"""The pure layers, by Google Benchmark: decode_bench and pure_bench, their medians into the figures."""
import json
import subprocess

from measure.site import Site

UNIT = {"ns": 1e-3, "us": 1.0, "ms": 1e3}


def run(program, repetitions):
    words = [str(Site.folder / program), f"--benchmark_repetitions={repetitions}",
             "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.05",
             "--benchmark_out_format=json", f"--benchmark_out={Site.folder / program}.json"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=600)
    with open(f"{Site.folder / program}.json", encoding="utf-8") as file:
        return json.load(file)["benchmarks"]


def measure(figures, repetitions=9):
    for program in ("decode_bench", "pure_bench"):
        for each in run(program, repetitions):
            if each["run_type"] != "iteration":
                continue
            figures.add("pure/" + each["run_name"], each["cpu_time"] * UNIT[each["time_unit"]], "us")
            if "allocations" in each:
                figures.add("pure/" + each["run_name"] + "/allocations", each["allocations"], "")
    for kind in ("temperature", "printing"):
        figures.ratio(f"decoding a {kind} report / RapidJSON alone", f"pure/decode/{kind}",
                      f"pure/rapidjson/{kind}", at_most=4)
    figures.limit("allocations a temperature report, decode to rows",
                  "pure/step/temperature/allocations", at_most=0.01)
