"""PostgreSQL hangs at each moment, for longer than a request, a connect and the time that reports are held."""
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
    chance = random.Random(f"{seed()} postgresql hung {moment}")
    print("\n" + cells.run(farm, "postgresql", "hung", moment, chance))


def test_at_rest(farm):
    farm.check_at_rest()
