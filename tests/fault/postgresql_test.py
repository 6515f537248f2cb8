"""PostgreSQL is killed and restarted at each moment: no report is lost or doubled, none is out of order,
and nobody has to help."""
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
    chance = random.Random(f"{seed()} postgresql {what} {moment}")
    print("\n" + cells.run(farm, "postgresql", what, moment, chance))


def test_at_rest(farm):
    farm.check_at_rest()
