// Printer: everything the daemon knows of one printer, normalized. The entity that core keeps,
// selects over, shows and stores. Values only; units in names; what was never said is nullopt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "printer/job.h"
#include "protocol/report.h"
#include "protocol/topics.h"

namespace printfleet::printer {

// The state document's `state`. Closed: a metric's label and a selector.
enum class State {
  kUnknown,
  kOffline,
  kIdle,
  kBusy,
  kDownloading,
  kChecking,
  kPreheating,
  kLeveling,
  kPrinting,
  kPausing,
  kPaused,
  kResuming,
  kStopping,
  kUpdating,
  kFault,
};

constexpr int kStates = 15;

std::string_view Name(State state);
std::optional<State> ParseState(std::string_view name);

enum class Enrolment { kPending, kEnrolled, kRejected, kRetired };

std::string_view Name(Enrolment enrolment);
std::optional<Enrolment> ParseEnrolment(std::string_view name);

enum class Bed { kUnknown, kClear, kOccupied };

std::string_view Name(Bed bed);
std::optional<Bed> ParseBed(std::string_view name);

// How sure we are that the printer is there.
enum class Presence {
  kUnknown,  // not heard of since we (or our link) came up
  kOnline,
  kSuspect,  // a will, or silence: asked, not answered yet
  kOffline,
};

std::string_view Name(Presence presence);

// Why a printer is offline: the state document's `offline_reason`. Closed: a metric's label.
enum class OfflineReason {
  kNone,            // it is not
  kWill,            // its will came, and it answers nothing
  kSilent,          // nothing came for fleet.silent_after, and it answers nothing
  kDisconnected,    // it said goodbye to the broker (the broker's log, as all that follow)
  kConnectionLost,  // its connection was closed without a goodbye: power, network, a crash
  kTimeout,         // its connection stood, but was silent for longer than its keep alive
  kProtocolError,   // the broker could not read what it sent
  kLogin,           // the broker refuses its user name or password
  kCertificate,     // no TLS with it: its certificate, or what it thinks of the broker's
};

constexpr int kOfflineReasons = 9;

std::string_view Name(OfflineReason reason);  // "" for kNone

// What the managed broker's log says of its MQTT session.
enum class SessionState {
  kUnknown,  // nothing: another broker, or it began before we listened
  kAlive,
  kEnded,
};

std::string_view Name(SessionState state);

struct Readings {
  std::optional<double> nozzle_temp_c;
  std::optional<double> nozzle_target_c;
  std::optional<double> bed_temp_c;
  std::optional<double> bed_target_c;
  std::optional<double> fan_ratio;
  std::optional<protocol::SpeedMode> speed_mode;
  std::optional<double> z_offset_mm;

  bool operator==(const Readings&) const = default;
};

struct LastError {
  int64_t code = 0;
  std::string text;
  WallTime at;
  // Said of the print (not stored: after a restart it counts as such): printing on contradicts it.
  // What another report said stands until the next print begins.
  bool of_print = true;

  bool operator==(const LastError&) const = default;
};

// What the operator decides or the printer is; changes rarely; a row of `printers`.
struct Registration {
  PrinterId id;
  std::string model_id;
  std::string model;  // the registry's name, or the id
  std::string name;   // unique in the fleet; by default made from model and id
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  Enrolment enrolment = Enrolment::kPending;
  std::string firmware;  // "" until it said
  std::string machine_version;
  std::string peripheral_version;
  std::optional<std::string> maintenance;  // the reason, while in maintenance
  Bed bed = Bed::kUnknown;
  std::optional<protocol::TopicForm> topic_form;  // the operator's word over the firmware's
  std::string note;
  WallTime first_seen_at;
  std::optional<WallTime> retired_at;
  PrinterId replaced_by;     // of a retired one: the printer that took its place, "" for none
  std::string last_task_id;  // the last task the printer reported, "" for none

  bool operator==(const Registration&) const = default;
};

// A printer that comes and goes says so once; until it is calm its comings and goings are counted.
struct Flapping {
  std::vector<MonoTime> losses;  // the last ones, oldest first; at most Policy::flapping_losses
  std::optional<WallTime> since;
  int64_t count = 0;  // losses since then, with those that made it flap

  [[nodiscard]] bool on() const { return since.has_value(); }
};

struct Printer {
  Registration registration;

  // What it says. `work_state` is the state as far as presence allows; State() joins both.
  State work_state = State::kUnknown;
  WallTime state_since;
  Readings readings;
  std::optional<Job> job;  // the open job, or the ended one whose outcome may be corrected
  std::optional<LastError> last_error;
  std::optional<WallTime> reported_at;
  std::optional<WallTime> received_at;

  // Presence.
  Presence presence = Presence::kUnknown;
  OfflineReason offline_reason = OfflineReason::kNone;
  std::string address;  // the last that its session came from; without a port
  SessionState session = SessionState::kUnknown;
  MonoTime session_ended_at;                  // while kEnded: when the broker's word of it was read
  std::optional<MonoTime> last_sign_of_life;  // any report that was not retained
  std::optional<MonoTime> query_sent_at;      // an unanswered status query of presence
  // When silence changes the presence: unknown -> suspect, suspect -> offline; while online set
  // only after ApplyLive, as a later bound than last_sign_of_life gives.
  std::optional<MonoTime> suspect_deadline;
  OfflineReason suspected_of = OfflineReason::kNone;  // while suspect: the reason if it is true
  std::optional<WallTime> last_will_at;
  Flapping flapping;
  // Freshness: last report known to be of now (link live), last answer to a status query.
  std::optional<MonoTime> fresh_at;
  std::optional<MonoTime> status_answered_at;
  std::optional<MonoTime> version_reported_at;
  std::string last_report_type;  // of the one at received_at

  // Deadlines of the job, kept by job_life.h. None is served while our link is not live.
  std::optional<MonoTime> settle_deadline;  // `free` contradicts it: then it has ended
  std::optional<MonoTime> lost_deadline;    // offline with it: then it is interrupted
  std::optional<MonoTime> silent_deadline;  // no word of it: then the printer is asked
  std::optional<MonoTime> count_deadline;   // it has ended: then its outcome stands
  bool cut_off = false;                     // the connection went since the open job's last word
  JobId loss_told;  // the job that printer_offline_mid_print was last said of, by this process

  // Core's bookkeeping of what was published and stored of it.
  std::optional<MonoTime> flushed_at;  // last retained state and status row
  bool dirty = false;                  // changed since
  bool change_unsaid = false;          // and in more than its readings
  bool job_dirty = false;              // the job's row is older than the job
  std::optional<MonoTime> telemetry_at;
  Readings telemetry;  // as last stored, and the job's progress with it
  std::optional<double> telemetry_progress_ratio;
};

// One that is heard of, or registered, for the first time: pending, with a name made of model and
// id.
Printer NewPrinter(const PrinterId& id, std::string_view model_id, std::string_view model,
                   WallTime now);

// "K2Pro-9347a110".
std::string DefaultName(const Registration& registration);

// The state document's `state`: offline and unknown by presence, else what it says it does.
State EffectiveState(const Printer& printer);

// The topic form to use: the operator's, else by firmware and the model's threshold.
protocol::TopicForm EffectiveTopicForm(const Printer& printer, std::string_view short_topics_from);

}  // namespace printfleet::printer
