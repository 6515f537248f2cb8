// A report, a moment or a change of our link, applied to one printer. Pure: no clock, no I/O; the
// caller (core) turns the Change into rows, retained states and events.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "printer/printer.h"
#include "protocol/report.h"
#include "settings/error_codes.h"
#include "settings/settings.h"

namespace printfleet::printer {

// The settings this layer needs (settings::Fleet).
struct Policy {
  milliseconds silent_after{120000};
  milliseconds query_timeout{10000};
  milliseconds job_settle{20000};
  milliseconds job_lost_after{3600000};
  size_t flapping_losses = 5;
  milliseconds flapping_window{600000};
};

Policy PolicyOf(const settings::Fleet& fleet);

struct Context {
  Instant now;
  const Policy& policy;
  const settings::ErrorCodes& error_codes;
  // The printer's message arrived with the retain flag: it proves no presence and answers nothing.
  bool retained = false;
  // The link is live and caught up: what arrives is of now, not from a backlog.
  bool live = true;
  // Gives the id of a new job. Called at most twice per Apply.
  const std::function<JobId()>& next_job_id;
  // What was published up to this moment has been read before this message.
  MonoTime read_until = MonoTime::max();
};

// Something that happened, for the `events` table and topic. `kind` is one of: printer_online,
// printer_offline, printer_suspect (log only), printer_flapping, printer_settled, job_started,
// job_ended, job_corrected, job_paused, job_paused_by_itself, job_resumed, printer_fault,
// firmware_changed, bed_changed, printer_offline_mid_print.
struct Notice {
  std::string_view kind;
  JobId job_id;
  std::string text;
  std::vector<std::pair<std::string_view, int64_t>> counts = {};  // further members of the event
  // Of a job that ended because its printer had been lost (printer_offline_mid_print said so).
  bool after_loss = false;
};

// What a printer should be asked, by the caller, when it can.
struct Questions {
  bool version = false;
  bool status = false;
  bool job = false;
  bool local_files = false;
  bool usb_files = false;

  bool operator==(const Questions&) const = default;
};

struct JobEvent {
  JobId job_id;
  std::string_view kind;  // a JobState's or Outcome's name
  std::string text;
};

struct Change {
  bool state_changed = false;         // the effective state or the job's state: publish at once
  bool readings_changed = false;      // publish within state_interval
  bool registration_changed = false;  // a row of `printers`, and the snapshot file
  bool answered_status = false;       // this report answers a status query
  bool came_online = false;           // it was offline or unknown
  bool went_offline = false;
  std::vector<Job> jobs;     // rows to write, each as it is now
  std::vector<Job> settled;  // jobs whose outcome stands now: each once, ever
  std::vector<JobEvent> job_events;
  std::vector<Notice> notices;
  Questions questions;
};

// The printer said something. Duplicates and disorder are harmless: cumulative, last writer wins.
Change ApplyReport(Printer& printer, const protocol::Report& report, const Context& context);

// Time passed: silence, unanswered queries, jobs that settle, are lost or stand. Idempotent when
// nothing is due.
Change ApplyTime(Printer& printer, const Context& context);

// When ApplyTime has something to do; nullopt for never. Presence deadlines do not run while the
// link is not live (the caller passes live).
std::optional<MonoTime> NextDeadline(const Printer& printer, const Policy& policy, bool live);

// What the managed broker's log says of the printer's session.
struct SessionNews {
  enum class Kind {
    kBegan,      // it has a session, from `address`
    kEnded,      // its session ended, for `reason`
    kRefused,    // a connection of it (by its address) was refused, for `reason`
    kForgotten,  // the broker's log is no longer followed, or is of another process
  };

  Kind kind = Kind::kForgotten;
  OfflineReason reason = OfflineReason::kNone;
  std::string address = {};
};

// Evidence as reports and wills are: an end makes suspect, a living session disproves a will; both
// have the printer asked.
Change ApplySession(Printer& printer, const SessionNews& news, const Context& context);

// Our reports link was lost or is back (still not deaf): questions of before got lost, so a suspect
// is asked anew and has `patience` from now.
Change ApplyPatience(Printer& printer, milliseconds patience, const Context& context);

// Our own link went deaf: presence becomes unknown, jobs stay open, nothing is fresh any more.
Change ApplyDeaf(Printer& printer, const Context& context);

// Our link is live again: presence deadlines start anew; the printer is to be asked.
Change ApplyLive(Printer& printer, const Context& context);

// After a restart: `job` as it was stored, the printer's open one or its last.
void AdoptJob(Printer& printer, Job job, const Context& context);

// We sent a print.start with `job` (state kRequested): it becomes the printer's job and its bed is
// occupied.
Change ApplyStartSent(Printer& printer, Job job, const Context& context);

// The printer is taken out of the fleet: a job that is open ends, its outcome unknown because of
// `why`.
Change ApplyRetired(Printer& printer, std::string_view why, const Context& context);

// The start failed or was never confirmed: a job that is still kRequested ends without a print.
Change ApplyStartGivenUp(Printer& printer, JobId job_id, std::string_view why,
                         const Context& context);

}  // namespace printfleet::printer
