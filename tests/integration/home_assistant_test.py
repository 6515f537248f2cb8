"""Printers as devices of Home Assistant: documents that point to real members of the state document,
written by nobody but the daemon, and gone when they should be."""
import json
import re

from harness import mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator

PREFIX = "homeassistant/device/"


def devices(client):
    """{topic: document} of what is retained."""
    return {topic: json.loads(payload) for topic, payload in
            client.retained(PREFIX + "+/config").items() if payload}


def test_printers_are_devices_until_they_are_retired_or_it_is_switched_off():
    settings = {"fleet": {"enrolment": "auto"}, "home_assistant": {"enabled": True}}
    with Daemon(settings) as daemon:
        port = daemon.mqtt_port
        with Simulator(port, "--printers", 3, "--seed", 12, "--report-interval", 1,
                       "--panel-jobs", 1) as sim, mqtt.Person(port) as person:
            sim.wait_online()
            topics = {f"{PREFIX}printfleet_{printer.id}/config" for printer in sim.printers}
            wait.equal(lambda: set(devices(person)), topics, "devices", 20)
            printer = sim.printers[0]
            device = devices(person)[f"{PREFIX}printfleet_{printer.id}/config"]
            assert device["device"]["model"] == printer.model
            assert device["device"]["identifiers"] == [f"printfleet_{printer.id}"]
            assert device["origin"]["name"] == "printfleet"
            assert device["state_topic"] == f"fleet/v1/printers/{printer.id}/state"
            assert device["availability_mode"] == "all"
            for component in device["components"].values():
                assert component["platform"] in ("sensor", "binary_sensor")
                assert component["unique_id"].startswith(f"printfleet_{printer.id}_")

            # Every member that a template reads is in the document.
            def printing():
                state = json.loads(person.retained(device["state_topic"])[device["state_topic"]])
                return state if state["job"] else None

            state = wait.until(printing, "the panel's job", 20)
            for component in device["components"].values():
                for path in re.findall(r"value_json\.([a-z_.]+)", component["value_template"]):
                    value = state
                    for name in path.split("."):
                        assert value is None or name in value, path
                        value = None if value is None else value[name]
            bridge = json.loads(person.retained("fleet/v1/bridge")["fleet/v1/bridge"])
            assert "state" in bridge and [each["topic"] for each in device["availability"]] == [
                "fleet/v1/bridge", device["state_topic"]]

            # A new name is shown, what Home Assistant does not show is not published again.
            done = person.call("printer.set", {"printers": [printer.id]}, {"name": "a-01"})
            assert done["succeeded"] == 1, done
            wait.until(lambda: devices(person)[f"{PREFIX}printfleet_{printer.id}/config"]["device"][
                "name"] == "a-01", "its name", 10)

            # Nobody else writes there: the broker lets it fall.
            assert person.publish(f"{PREFIX}printfleet_evil/config", "{}", retain=True) == 0x87
            assert set(devices(person)) == topics

            gone = sim.printers[2]
            done = person.call("printer.retire", {"printers": [gone.id]})
            assert done["succeeded"] == 1, done
            topics.remove(f"{PREFIX}printfleet_{gone.id}/config")
            wait.equal(lambda: set(devices(person)), topics, "devices", 10)

        daemon.stop()
        daemon.settings["home_assistant"]["enabled"] = False
        daemon.write_config()
        daemon.start()
        with own_client(daemon) as own:  # people may not even look now
            wait.equal(lambda: devices(own), {}, "devices", 20)
        daemon.stop()
        assert not (daemon.data_dir / "home_assistant").exists(), daemon.tail()


def own_client(daemon):
    """As the daemon itself, at its private listener."""
    broker = daemon.data_dir / "broker"
    return mqtt.Client(int((broker / "private.port").read_text()), "printfleet-daemon",
                       (broker / "private.secret").read_text().strip())
