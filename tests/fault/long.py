"""Run by long.sh: rounds of random faults, the oracle after each, the state at rest after some."""
import argparse
import os
import random
import sys
import time
import traceback

import conftest  # noqa: F401, makes the folders below importable
from rig import cells
from rig import farm as farms

REST_EVERY = 10
FRESH_MIN = 6
SECOND = 0.3  # how often another fault comes before the first is over


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--victims", default=",".join(cells.VICTIMS))
    return parser.parse_args()


def one(farm, victims, chance):
    """A cell of the matrix, or a fault at any time, perhaps with another on its heels."""
    victim, what = chance.choice(victims), chance.choice(cells.FAULTS)
    if chance.random() < 0.5:
        return cells.run(farm, victim, what, chance.choice(list(cells.MOMENTS)), chance)
    farm.load.talk()
    farm.give_orders()
    hit, story = [], ""
    while not hit or (len(hit) == 1 and chance.random() < SECOND):
        if hit:
            victim, what = chance.choice(victims), "killed"
        pause = chance.uniform(0, 1 if hit else 2)
        time.sleep(pause)  # the moment of the fault
        hit.append((victim, what))
        story += f"{victim} {what} {pause:.3f} s later, "
        begin = cells.ACTIONS[victim, what](farm, chance)
    farm.wait_ready(2 * farms.READY_S)
    story += f"ready after {time.monotonic() - begin:.1f} s"
    fallen = {victim for victim, _ in hit}
    count = farm.check(ordered="mosquitto" not in fallen, stops_arrive=not takes_stops_along(hit, fallen))
    return f"{story}; {count} reports"


def takes_stops_along(hit, fallen):
    """As in cells.run(): a broker that hangs, or dies while the store may be away."""
    return ("mosquitto", "hung") in hit or {"mosquitto", "postgresql"} <= fallen


def main():
    wanted = arguments()
    if wanted.seed is not None:
        os.environ["PRINTFLEET_FAULT_SEED"] = str(wanted.seed)
    seed = farms.seed()
    print(f"seed {seed}", flush=True)
    with farms.farm() as farm:
        for number in range(1, wanted.rounds + 1):
            chance = random.Random(f"{seed} round {number}")
            try:
                print(f"{number}: {one(farm, wanted.victims.split(','), chance)}", flush=True)
                if len(farm.fresh) < FRESH_MIN:
                    farm.restock()
                if number % REST_EVERY == 0 or number == wanted.rounds:
                    farm.check_at_rest()
            except Exception:
                traceback.print_exc()
                print(f"round {number} of seed {seed} failed\n{farm.explain()}", flush=True)
                return 1
    print(f"{wanted.rounds} rounds: nothing lost, nothing doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
