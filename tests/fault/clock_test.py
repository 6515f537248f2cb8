"""The bridge's wall clock is stepped by hours, forwards and backwards, and no other clock: order and
once hold, nothing is given up that has time left, and nothing is taken for old."""
import os
import pathlib
import random
import tempfile
import time

import pytest

from rig.farm import farm as make_farm
from rig.farm import seed

HOUR_S = 3600
JOBS = "SELECT count(*) FROM fleet.jobs WHERE outcome = 'interrupted'"
PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'fleet.report_log'::regclass"


class Clock:
    def __init__(self):
        self.file = pathlib.Path(tempfile.mkdtemp(prefix="clock-", dir="/tmp")) / "shift"
        self.set(0)

    def set(self, seconds):
        draft = self.file.with_name("draft")
        draft.write_text(f"{seconds}\n")
        draft.rename(self.file)

    @property
    def environment(self):
        return {"LD_PRELOAD": os.environ["CLOCK_SHIFT"], "CLOCK_SHIFT_FILE": str(self.file)}


@pytest.fixture(scope="module")
def made():
    clock = Clock()
    with make_farm(environment=clock.environment) as farm:
        yield farm, clock


@pytest.mark.parametrize("hours", [3, -3, 26, -26])
def test_step(made, hours):
    farm, clock = made
    chance = random.Random(f"{seed()} clock {hours}")
    farm.load.talk()
    before = farm.database.one("SELECT count(*) FROM fleet.report_log")
    partitions = farm.database.one(PARTITIONS)
    interrupted = farm.database.one(JOBS)
    for shift in (hours * HOUR_S, 0):
        farm.give_orders()
        time.sleep(chance.uniform(0, 0.3))  # the moment of the step
        clock.set(shift)
        check(farm, farm.orders.given[-3:])
        farm.give_orders()
        check(farm, farm.orders.given[-3:])
    assert farm.database.one("SELECT count(*) FROM fleet.report_log") > before
    assert farm.database.one(PARTITIONS) >= partitions, "a partition is gone"
    assert farm.database.one(JOBS) == interrupted, "a running job was given up"
    assert farm.database.one("SELECT count(*) FROM fleet.printer_status WHERE NOT online "
                             "AND printer_id = ANY(%s)", [each.id for each in farm.sim.printers]) == 0


def check(farm, given):
    print(f"\n{farm.check()} reports")
    for order in given:
        assert order.final["event"] == "done" and order.final["succeeded"] == 1, order
        assert order.final["duration_ms"] >= 0, order


def test_at_rest(made):
    made[0].check_at_rest()
