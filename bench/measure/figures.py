"""Samples to medians, ratios and a verdict; the table and the JSON file."""
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def git_commit(root):
    run = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip()


class Figures:
    """What was measured: samples by name, and comparisons of their medians with limits."""

    def __init__(self):
        self.samples = {}
        self.units = {}
        self.comparisons = []
        self.notes = {}

    def add(self, name, value, unit):
        self.samples.setdefault(name, []).append(value)
        self.units[name] = unit

    def median(self, name):
        return statistics.median(self.samples[name])

    def ratio(self, what, ours, baseline, at_least=None, at_most=None):
        """Of the medians of two samples of this run."""
        value = self.median(ours) / self.median(baseline)
        self._compare(what, value, "", ours, baseline, at_least, at_most)

    def limit(self, what, ours, at_least=None, at_most=None):
        self._compare(what, self.median(ours), self.units[ours], ours, None, at_least, at_most)

    def _compare(self, what, value, unit, ours, baseline, at_least, at_most):
        good = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        self.comparisons.append({"what": what, "value": round(value, 4), "unit": unit, "of": ours,
                                 "to": baseline, "at_least": at_least, "at_most": at_most,
                                 "good": good})

    def note(self, name, value):
        """Anything that explains a figure."""
        self.notes[name] = value

    def table(self):
        lines = [f"{'measured':<44} {'median':>12} {'min':>12} {'max':>12}  n  unit"]
        for name, values in self.samples.items():
            lines.append(f"{name:<44} {self.median(name):>12.4g} {min(values):>12.4g} "
                         f"{max(values):>12.4g} {len(values):>2}  {self.units[name]}")
        lines.append("")
        for each in self.comparisons:
            bound = (f">= {each['at_least']}" if each["at_least"] is not None
                     else f"<= {each['at_most']}")
            lines.append(f"{each['what']:<58} {each['value']:>8.3g} {each['unit']:<4} {bound:<8} "
                         f"{'met' if each['good'] else 'MISSED'}")
        return "\n".join(lines)

    def write(self, path, root, options):
        document = {
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": git_commit(root),
            "machine": {"cores": os.cpu_count(), "kernel": platform.release(),
                        "load_at_end": os.getloadavg()},
            "options": options,
            "figures": {name: {"median": self.median(name), "min": min(values), "max": max(values),
                               "unit": self.units[name], "samples": values}
                        for name, values in self.samples.items()},
            "comparisons": self.comparisons,
            "notes": self.notes,
        }
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
