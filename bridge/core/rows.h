// Rows: what a batch changes in the store, typed. Core fills them, store writes them in one
// transaction. All text in them has been through the sanitizer, all numbers are finite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/shared_bytes.h"
#include "base/small_text.h"
#include "core/notification.h"
#include "fleet/command.h"
#include "fleet/handle.h"
#include "fleet/world.h"
#include "printer/job.h"
#include "printer/printer.h"

namespace printfleet::core {

// One distinct report.
struct ReportRow {
  int64_t seq = 0;  // ours, increasing: the order of ingestion
  SmallText printer_id;
  WallTime received_at;
  std::optional<WallTime> reported_at;
  SmallText type;
  SmallText action;
  SmallText state;
  std::optional<int64_t> code;
  SmallText msgid;
  std::optional<SharedBytes> payload;      // text, the message's own; absent by store.payloads
  std::optional<SharedBytes> payload_raw;  // the bytes, when they are not clean UTF-8
};

struct TelemetryRow {
  SmallText printer_id;
  WallTime at;
  printer::Readings readings;
  std::optional<double> progress_ratio;
};

struct RegistrationRow {
  printer::Registration registration;
  std::optional<WallTime> last_seen_at;  // absent: registered before it has connected
};

struct StatusRow {
  SmallText printer_id;
  bool online = false;
  std::string offline_reason;  // "" is NULL
  std::string address;         // "" is NULL
  std::string state;
  WallTime state_since;
  printer::Readings readings;
  std::optional<double> progress_ratio;
  JobId job_id;  // 0 is NULL
  std::optional<printer::LastError> last_error;
  std::optional<WallTime> reported_at;
  std::optional<WallTime> received_at;
};

struct JobEventRow {
  JobId job_id;
  WallTime at;
  std::string kind;
  std::string text;
};

struct EventRow {
  EventId event_id;
  WallTime at;
  std::string kind;
  PrinterId printer_id;  // "" is NULL
  std::string body_json;
};

struct DeadLetterRow {
  WallTime received_at;
  std::string topic;
  std::string payload;  // bytes, cut to inbound.dead_letter_bytes_max
  std::string reason;
  std::string detail;
};

// The printer's own file list of one storage and path, replacing what was known of it.
struct FileListRow {
  struct File {
    std::string filename;  // bytes
    std::optional<int64_t> size_bytes;
    std::optional<WallTime> modified_at;
    bool is_directory = false;
  };

  PrinterId printer_id;
  std::string storage;  // "local" or "usb"
  std::string path;
  WallTime listed_at;
  std::vector<File> files;
};

// A file that the printer says is gone. Written before the lists of its batch.
struct FileDeletionRow {
  PrinterId printer_id;
  std::string storage;
  std::string path;
  std::string filename;  // bytes
};

struct CommandRow {
  CommandId id;
  std::string author;
  std::string request_id;
  std::string command;
  std::string target_json;
  std::string args_json;
  std::string options_json;
  std::string state;
  std::string target_hash;
  std::string body_digest;  // hex of Digest
  std::string reply_topic;
  std::string correlation_data;  // bytes
  bool reply_stream = true;
  WallTime created_at;
  WallTime deadline_at;
  std::optional<WallTime> finished_at;
  std::string result_json;  // of commands to the fleet and its registry, "" for none
};

// What a printer has fetched of an offered file.
struct DownloadRow {
  fleet::ExecutionKey execution;
  int attempt = 0;
  std::optional<WallTime> first_byte_at;
  std::optional<WallTime> last_byte_at;
  int64_t bytes_sent = 0;
};

// How far into which spool a batch reaches: stored with it, so that no entry is taken twice.
struct SpoolMark {
  std::string identity;  // spool::Spool::identity(); "" for none
  int64_t through = 0;

  bool operator==(const SpoolMark&) const = default;
};

struct Rows {
  std::vector<ReportRow> reports;
  std::vector<TelemetryRow> telemetry;
  std::vector<RegistrationRow> registrations;
  std::vector<StatusRow> statuses;
  std::vector<printer::Job> jobs;
  std::vector<JobEventRow> job_events;
  std::vector<EventRow> events;
  std::vector<DeadLetterRow> dead_letters;
  std::vector<FileDeletionRow> file_deletions;
  std::vector<FileListRow> file_lists;
  std::vector<CommandRow> commands;
  std::vector<fleet::Execution> executions;
  std::vector<fleet::JobMark> job_marks;   // written after `jobs`
  std::vector<fleet::Artifact> artifacts;  // in order: one that gives way before what follows it
  std::vector<fleet::Offer> offers;
  std::vector<DownloadRow> downloads;  // written after `offers`
  std::vector<fleet::AuditEntry> audit;
  std::vector<NotificationRow> notifications;
  std::optional<fleet::Ledger> ledger;

  [[nodiscard]] bool empty() const;
};

}  // namespace printfleet::core
