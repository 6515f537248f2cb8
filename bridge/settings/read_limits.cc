// The sections `fleet`, `inbound`, `commands`, `spool` and `library`.
#include "base/text.h"
#include "settings/sections.h"

namespace printfleet::settings {
namespace {

constexpr size_t kTopicRootBytesMax = 128;
constexpr int64_t kDayS = 86400;
constexpr int64_t kDiskBytesMax = int64_t{1} << 50;

}  // namespace

std::string TopicRootMistake(const std::string& root) {
  if (root.find_first_of("+#") != std::string::npos) {
    return "holds a wildcard (+ or #)";
  }
  if (root.front() == '$') {
    return "begins with $, which is the broker's own";
  }
  if (root.find('$') != std::string::npos || root.find(' ') != std::string::npos) {
    return "holds a $ or a blank";
  }
  if (root.front() == '/' || root.back() == '/' || root.find("//") != std::string::npos) {
    return "has an empty level";
  }
  if (root == "anycubic" || root.starts_with("anycubic/")) {
    return "is below the printers' own topics";
  }
  if (root.size() > kTopicRootBytesMax) {
    return "is longer than " + std::to_string(kTopicRootBytesMax) + " bytes";
  }
  return "";
}

void ReadFleet(Section section, Fleet& fleet) {
  std::string root;
  section.Text("topic_root", root);
  if (!root.empty()) {
    const std::string mistake = TopicRootMistake(root);
    if (mistake.empty()) {
      fleet.topic_root = root;
    } else {
      section.Error("topic_root", "\"" + root + "\" " + mistake);
    }
  }
  section.Word<Enrolment>("enrolment", {{"auto", Enrolment::kAuto}, {"manual", Enrolment::kManual}},
                          fleet.enrolment);
  section.Integer("printers_max", {1, 100'000}, fleet.printers_max);
  section.Time<seconds>("silent_after_s", {5, kDayS}, fleet.silent_after);
  section.Time<seconds>("query_timeout_s", {1, 600}, fleet.query_timeout);
  section.Time<milliseconds>("change_interval_ms", {0, 60'000}, fleet.change_interval);
  section.Time<milliseconds>("state_interval_ms", {100, 60'000}, fleet.state_interval);
  section.Time<seconds>("job_settle_s", {1, 600}, fleet.job_settle);
  section.Time<seconds>("job_lost_after_s", {1, 30 * kDayS}, fleet.job_lost_after);
  section.Integer("queries_per_second", {1, 100'000}, fleet.queries_per_second);
  section.Integer("flapping_losses", {2, 1000}, fleet.flapping_losses);
  section.Time<seconds>("flapping_window_s", {1, kDayS}, fleet.flapping_window);
  section.Integer("outage_percent", {1, 100}, fleet.outage_percent);
  section.Integer("outage_printers_min", {2, 100'000}, fleet.outage_printers_min);
  section.Time<seconds>("outage_window_s", {1, 3600}, fleet.outage_window);
  section.Finish();
}

void ReadInbound(Section section, Inbound& inbound) {
  section.Integer("batch_messages_max", {1, 100'000}, inbound.batch_messages_max);
  section.Integer("batch_bytes_max", {64 << 10, int64_t{1} << 30}, inbound.batch_bytes_max);
  section.Time<milliseconds>("batch_time_ms", {1, 10'000}, inbound.batch_time);
  section.Integer("payload_bytes_max", {16 << 10, 64 << 20}, inbound.payload_bytes_max);
  section.Integer("depth_max", {8, 1000}, inbound.depth_max);
  section.Time<milliseconds>("hold_time_ms", {100, 600'000}, inbound.hold_time);
  section.Time<milliseconds>("heartbeat_interval_ms", {100, 60'000}, inbound.heartbeat_interval);
  section.Time<milliseconds>("deaf_after_ms", {500, 600'000}, inbound.deaf_after);
  section.Time<seconds>("keepalive_s", {5, 65'535}, inbound.keepalive);
  section.Integer("duplicate_window_messages", {0, 16 << 20}, inbound.duplicate_window_messages);
  section.Integer("receive_max", {1, 65'535}, inbound.receive_max);
  section.Integer("dead_letters_per_printer_per_minute", {0, 1'000'000},
                  inbound.dead_letters_per_printer_per_minute);
  section.Integer("dead_letter_bytes_max", {0, 16 << 20}, inbound.dead_letter_bytes_max);
  if (inbound.deaf_after < 2 * inbound.heartbeat_interval) {
    section.Error(section.Has("deaf_after_ms") ? "deaf_after_ms" : "heartbeat_interval_ms",
                  "deaf_after_ms must be at least twice heartbeat_interval_ms");
  }
  section.Finish();
}

void ReadCommands(Section section, Commands& commands) {
  section.Integer("request_bytes_max", {1 << 10, 1 << 20}, commands.request_bytes_max);
  section.Integer("depth_max", {8, 100}, commands.depth_max);
  section.Time<seconds>("stop_stale_s", {1, kDayS}, commands.stop_stale);
  section.Time<seconds>("attempt_s", {1, 600}, commands.attempt);
  section.Time<seconds>("stop_attempt_s", {1, 600}, commands.stop_attempt);
  section.Time<seconds>("fresh_s", {1, 600}, commands.fresh);
  section.Integer("max_in_flight", {1, 100'000}, commands.max_in_flight);
  section.Integer("heating_max", {0, 100'000}, commands.heating_max);
  section.Integer("open_max", {1, 100'000}, commands.open_max);
  section.Integer("list_limit_max", {1, 100'000}, commands.list_limit_max);
  section.Time<seconds>("remember_s", {60, 3650 * kDayS}, commands.remember);
  section.Integer("remembered_max", {0, 10'000'000}, commands.remembered_max);
  section.Finish();
}

void ReadSpool(Section section, Spool& spool) {
  section.Path("directory", spool.directory);
  section.Integer("bytes_max", {1 << 20, kDiskBytesMax}, spool.bytes_max);
  section.Integer("reserve_bytes", {1 << 20, int64_t{1} << 30}, spool.reserve_bytes);
  section.Finish();
}

void ReadLibrary(Section section, Library& library) {
  section.Integer("file_bytes_max", {1 << 20, int64_t{1} << 40}, library.file_bytes_max);
  section.Integer("bytes_max", {1 << 20, kDiskBytesMax}, library.bytes_max);
  section.Integer("free_bytes_min", {0, kDiskBytesMax}, library.free_bytes_min);
  section.Finish();
}

}  // namespace printfleet::settings
