// The enums' names, as documents, rows, selectors and labels spell them.
#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "printer/job.h"
#include "printer/printer.h"

namespace printfleet::printer {
namespace {

template <typename Enum, size_t kCount>
using Names = std::array<std::pair<Enum, std::string_view>, kCount>;

constexpr Names<State, kStates> kStateNames{{
    {State::kUnknown, "unknown"},
    {State::kOffline, "offline"},
    {State::kIdle, "idle"},
    {State::kBusy, "busy"},
    {State::kDownloading, "downloading"},
    {State::kChecking, "checking"},
    {State::kPreheating, "preheating"},
    {State::kLeveling, "leveling"},
    {State::kPrinting, "printing"},
    {State::kPausing, "pausing"},
    {State::kPaused, "paused"},
    {State::kResuming, "resuming"},
    {State::kStopping, "stopping"},
    {State::kUpdating, "updating"},
    {State::kFault, "fault"},
}};

constexpr Names<Enrolment, 4> kEnrolmentNames{{
    {Enrolment::kPending, "pending"},
    {Enrolment::kEnrolled, "enrolled"},
    {Enrolment::kRejected, "rejected"},
    {Enrolment::kRetired, "retired"},
}};

constexpr Names<Bed, 3> kBedNames{{
    {Bed::kUnknown, "unknown"},
    {Bed::kClear, "clear"},
    {Bed::kOccupied, "occupied"},
}};

constexpr Names<Presence, 4> kPresenceNames{{
    {Presence::kUnknown, "unknown"},
    {Presence::kOnline, "online"},
    {Presence::kSuspect, "suspect"},
    {Presence::kOffline, "offline"},
}};

constexpr Names<OfflineReason, kOfflineReasons> kOfflineReasonNames{{
    {OfflineReason::kNone, ""},
    {OfflineReason::kWill, "will"},
    {OfflineReason::kSilent, "silent"},
    {OfflineReason::kDisconnected, "disconnected"},
    {OfflineReason::kConnectionLost, "connection_lost"},
    {OfflineReason::kTimeout, "timeout"},
    {OfflineReason::kProtocolError, "protocol_error"},
    {OfflineReason::kLogin, "login"},
    {OfflineReason::kCertificate, "certificate"},
}};

constexpr Names<SessionState, 3> kSessionStateNames{{
    {SessionState::kUnknown, "unknown"},
    {SessionState::kAlive, "alive"},
    {SessionState::kEnded, "ended"},
}};

constexpr Names<JobState, 12> kJobStateNames{{
    {JobState::kRequested, "requested"},
    {JobState::kDownloading, "downloading"},
    {JobState::kChecking, "checking"},
    {JobState::kPreheating, "preheating"},
    {JobState::kLeveling, "leveling"},
    {JobState::kPrinting, "printing"},
    {JobState::kPausing, "pausing"},
    {JobState::kPaused, "paused"},
    {JobState::kResuming, "resuming"},
    {JobState::kStopping, "stopping"},
    {JobState::kSettling, "settling"},
    {JobState::kEnded, "ended"},
}};

constexpr Names<Outcome, 6> kOutcomeNames{{
    {Outcome::kNone, ""},
    {Outcome::kFinished, "finished"},
    {Outcome::kFailed, "failed"},
    {Outcome::kStopped, "stopped"},
    {Outcome::kInterrupted, "interrupted"},
    {Outcome::kEndedUnknown, "ended_unknown"},
}};

template <typename Enum, size_t kCount>
std::string_view NameIn(const Names<Enum, kCount>& names, Enum value) {
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [&](const auto& entry) { return entry.first == value; });
  CHECK(found != names.end());
  return found->second;
}

template <typename Enum, size_t kCount>
std::optional<Enum> ParseIn(const Names<Enum, kCount>& names, std::string_view name) {
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [&](const auto& entry) { return entry.second == name; });
  return found == names.end() ? std::nullopt : std::optional<Enum>(found->first);
}

}  // namespace

std::string_view Name(State state) {
  return NameIn(kStateNames, state);
}

std::optional<State> ParseState(std::string_view name) {
  return ParseIn(kStateNames, name);
}

std::string_view Name(Enrolment enrolment) {
  return NameIn(kEnrolmentNames, enrolment);
}

std::optional<Enrolment> ParseEnrolment(std::string_view name) {
  return ParseIn(kEnrolmentNames, name);
}

std::string_view Name(Bed bed) {
  return NameIn(kBedNames, bed);
}

std::optional<Bed> ParseBed(std::string_view name) {
  return ParseIn(kBedNames, name);
}

std::string_view Name(Presence presence) {
  return NameIn(kPresenceNames, presence);
}

std::string_view Name(OfflineReason reason) {
  return NameIn(kOfflineReasonNames, reason);
}

std::string_view Name(SessionState state) {
  return NameIn(kSessionStateNames, state);
}

std::string_view Name(JobState state) {
  return NameIn(kJobStateNames, state);
}

std::optional<JobState> ParseJobState(std::string_view name) {
  return ParseIn(kJobStateNames, name);
}

std::string_view Name(Outcome outcome) {
  return NameIn(kOutcomeNames, outcome);
}

std::optional<Outcome> ParseOutcome(std::string_view name) {
  return ParseIn(kOutcomeNames, name);
}

std::string_view Name(JobSource source) {
  return source == JobSource::kCommand ? "command" : "panel";
}

}  // namespace printfleet::printer
