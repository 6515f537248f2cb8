"""The network between the bridge, somebody else's Mosquitto and PostgreSQL, and the printers: cut,
slow, and half open, where each end takes the connection for alive."""
import contextlib
import random
import time

import pytest

from harness import external
from harness.farm import merge
from rig.farm import SHORT, Farm, peopled, scratch, seed
from rig.failpoints import Failpoints
from rig.proxy import Proxy

LINKS = ("database", "broker", "printers")
# Half open for longer than the bridge takes to notice: a request's time-out and a connect; a ping that
# is not answered. The printers' own patience is the simulator's.
HALF_OPEN_S = {"database": 3.5, "broker": 11.0, "printers": 4.0}
SLOW_S = 4.0


@pytest.fixture(scope="module")
def farm():
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(external.Cluster())
        broker = stack.enter_context(external.mosquitto())
        links = {name: stack.enter_context(Proxy(port)) for name, port in (
            ("database", cluster.port), ("broker", broker), ("printers", broker))}
        more = {name: SHORT[name] for name in ("inbound", "fleet", "commands")}
        daemon = external.external_daemon(links["broker"].port, cluster, scratch(), **more)
        for name, keys in (("broker", ("connect_timeout_ms", "retry_max_ms")),
                           ("database", ("request_timeout_ms", "connect_timeout_ms", "retry_max_ms"))):
            daemon.settings[name] = merge(daemon.settings[name],
                                          {key: SHORT[name][key] for key in keys})
        daemon.settings["database"]["url"] = daemon.settings["database"]["url"].replace(
            f":{cluster.port}/", f":{links['database'].port}/")
        daemon.write_config()
        stack.enter_context(daemon)
        found = Farm(daemon, Failpoints(), {})
        found.links = links
        stack.enter_context(peopled(found, broker, links["printers"].port, cluster.conninfo()))
        found.load.talk()
        yield found


def check(farm, link, stops_arrive=True):
    farm.links[link].heal()
    farm.wait_ready()
    # What is sent while the store is away is sent once: the next fault finds the printers there.
    farm.sim.wait_online()
    print(f"\n{farm.check(ordered=link != 'printers', stops_arrive=stops_arrive)} reports")


@pytest.mark.parametrize("link", LINKS)
def test_cut_again_and_again(farm, link):
    chance = random.Random(f"{seed()} cut {link}")
    farm.give_orders()
    before = farm.links[link].connections
    for _ in range(6):
        time.sleep(chance.uniform(0, 0.4))  # the moments of the cuts
        farm.links[link].cut()
    check(farm, link, stops_arrive=link != "printers")
    assert farm.links[link].connections > before


@pytest.mark.parametrize("link", LINKS)
def test_slow(farm, link):
    """Bytes crawl, in both directions."""
    chance = random.Random(f"{seed()} slow {link}")
    proxy = farm.links[link]
    for way in (proxy.there, proxy.back):
        way.delay_s = chance.choice((0.05, 0.2))
        way.bytes_per_s = 200_000
    farm.give_orders()
    time.sleep(SLOW_S)  # the length of the fault
    check(farm, link)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("way", ["there", "back"])
def test_half_open(farm, link, way):
    proxy = farm.links[link]
    chance = random.Random(f"{seed()} half open {link} {way}")
    farm.give_orders()
    time.sleep(chance.uniform(0, 0.2))
    getattr(proxy, way).swallow = True
    farm.give_orders()
    time.sleep(HALF_OPEN_S[link])  # the length of the fault
    proxy.cut()  # before it is healed: no connection goes on behind bytes that it has lost
    proxy.heal()
    check(farm, link, stops_arrive=link == "database")


def test_at_rest(farm):
    farm.check_at_rest()
