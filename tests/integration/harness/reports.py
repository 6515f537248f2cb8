"""What a printer says, for tests that say it themselves."""
import json
import time

from harness.sim import PUBLIC


def temperature_topic(printer_id, model_id="20021"):
    return f"{PUBLIC}/{model_id}/{printer_id}/tempature/report"


def temperature(msgid, nozzle_c=20):
    """A report of temperatures, as bytes."""
    return json.dumps({
        "type": "tempature", "action": "auto", "msgid": msgid, "state": "done",
        "timestamp": int(time.time() * 1000), "code": 200, "msg": "",
        "data": {"curr_hotbed_temp": 20, "curr_nozzle_temp": nozzle_c, "target_hotbed_temp": 0,
                 "target_nozzle_temp": 0}}).encode()
