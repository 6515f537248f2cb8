"""The bridge is killed and restarted at each moment: every report the broker had acknowledged is stored
once, in order; every accepted command ends, nothing is sent twice that must not be."""
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
@pytest.mark.parametrize("what", ["killed", "restarted"])
def test_cell(farm, what, moment):
    chance = random.Random(f"{seed()} bridge {what} {moment}")
    print("\n" + cells.run(farm, "bridge", what, moment, chance))


def test_at_rest(farm):
    farm.check_at_rest()
