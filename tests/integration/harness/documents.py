"""What interface.md says a document looks like."""
import datetime

STATES = ("unknown offline idle busy downloading checking preheating leveling printing pausing "
          "paused resuming stopping updating fault").split()
BEDS = ("unknown", "clear", "occupied")
ENROLMENTS = ("pending", "enrolled", "rejected", "retired")

NUMBER = (int, float)
NONE = type(None)

STATE_MEMBERS = {
    "v": (int,), "printer_id": (str,), "model_id": (str,), "model": (str,), "name": (str,),
    "groups": (list,), "labels": (dict,), "enrolment": (str,), "online": (bool, NONE),
    "offline_reason": (str, NONE), "address": (str, NONE), "state": (str,),
    "state_since": (str, NONE), "bed": (str,), "maintenance": (str, NONE), "firmware": (str, NONE),
    "machine_version": (str, NONE), "nozzle_temp_c": (*NUMBER, NONE),
    "nozzle_target_c": (*NUMBER, NONE), "bed_temp_c": (*NUMBER, NONE),
    "bed_target_c": (*NUMBER, NONE), "fan_ratio": (*NUMBER, NONE),
    "print_speed_mode": (str, NONE), "z_offset_mm": (*NUMBER, NONE), "job": (dict, NONE),
    "last_error": (dict, NONE), "reported_at": (str, NONE), "received_at": (str, NONE),
}
JOB_MEMBERS = {
    "job_id": (int,), "task_id": (str, NONE), "filename": (str, NONE),
    "progress_ratio": (*NUMBER, NONE), "layer": (int, NONE), "layers": (int, NONE),
    "elapsed_s": (*NUMBER, NONE), "remaining_s": (*NUMBER, NONE),
    "material_used_mm": (*NUMBER, NONE),
}


def _members(where, document, members):
    for name, types in members.items():
        if name not in document:
            yield f"{where}{name} is missing"
        elif type(document[name]) not in types:
            yield f"{where}{name}: {document[name]!r}"


def is_time(text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def state_problems(document):
    """Everything in which the object is no state document of interface.md."""
    problems = list(_members("", document, STATE_MEMBERS))
    if problems:
        return problems
    words = [("v", (1,)), ("state", STATES), ("bed", BEDS), ("enrolment", ENROLMENTS),
             ("print_speed_mode", ("silent", "standard", "sport", None))]
    problems += [f"{name}: {document[name]!r}" for name, known in words
                 if document[name] not in known]
    for name in ("state_since", "reported_at", "received_at"):
        if document[name] is not None and not is_time(document[name]):
            problems.append(f"{name}: {document[name]!r}")
    if document["job"] is not None:
        problems += _members("job.", document["job"], JOB_MEMBERS)
        ratio = document["job"].get("progress_ratio")
        if ratio is not None and not 0 <= ratio <= 1:
            problems.append(f"job.progress_ratio: {ratio}")
    if document["fan_ratio"] is not None and not 0 <= document["fan_ratio"] <= 1:
        problems.append(f"fan_ratio: {document['fan_ratio']}")
    return problems
