"""Mosquitto hangs at each moment, for longer than the bridge and impatient printers wait for it."""
import random

import pytest

from rig import cells
from rig.farm import farm as make_farm
from rig.farm import seed


@pytest.fixture(scope="module")
def farm():
    with make_farm() as made:
        yield made


@pytest.mark.parametrize("moment", cells.MOMENTS)
def test_cell(farm, moment):
    chance = random.Random(f"{seed()} mosquitto hung {moment}")
    print("\n" + cells.run(farm, "mosquitto", "hung", moment, chance))


def test_at_rest(farm):
    farm.check_at_rest()
