// Event: all that can happen to core. Shells make them, the loop hands them to core in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/shared_bytes.h"
#include "base/time.h"
#include "core/broker_note.h"
#include "core/notification.h"
#include "fleet/handle.h"
#include "fleet/world.h"

namespace printfleet::core {

// The two inbound MQTT sessions.
enum class Session : uint8_t { kReports, kCommands };

constexpr int kSessions = 2;

constexpr std::string_view Name(Session session) {
  return session == Session::kReports ? "reports" : "commands";
}

// A message as it came off the wire: the unit that is held, stepped, and later spooled.
struct Message {
  Session session = Session::kReports;
  std::string topic;
  SharedBytes payload;
  bool retained = false;
  uint64_t ingest_seq = 0;  // order of arrival over both sessions, of this process
  int64_t spool_id = 0;     // of one that waited in the spool; 0: read from the broker just now
  Instant received;
  std::optional<uint32_t> message_expiry_s;
  std::string response_topic;
  std::string correlation_data;
  Digest digest;  // MessageDigest(topic, payload)

  // Stamped once by Core::Receive, in the order of arrival: it waited in the broker for us (so it
  // proves nothing about now), how long we were deaf at most, and up to which moment everything
  // that was published has been read before it: the last heartbeat's that came through.
  bool backlog = false;
  seconds deaf_for{0};
  MonoTime read_until;
  // A stop that was planned and sent ahead of its batch: what went out.
  std::shared_ptr<const fleet::StopPlan> stop_sent;
};

// A message that must not be stepped as what it is: the store refuses its rows, or the process
// died twice while stepping it.
struct PoisonMessage {
  Message message;
  std::string_view reason;  // "store_refused", "crashed" or kKnownRequest
};

// Of a request: the store has its (author, id), which the memory has forgotten.
constexpr std::string_view kKnownRequest = "known_request";

// The reports or commands session has a CONNACK and a SUBACK. From here it is catching up until a
// heartbeat has come through it.
struct SessionUp {
  Session session = Session::kReports;
};

struct SessionDown {
  Session session = Session::kReports;
  std::string reason;
};

// Digests of the recent batches, loaded after a CONNACK: what a broker may deliver again.
struct RecentDigests {
  std::vector<Digest> digests;
};

// The outbound connection came or went.
struct OutboundUp {};

struct OutboundDown {};

// The broker acknowledged (or never will) a message to a printer.
struct Published {
  enum class Result : uint8_t {
    kTaken,         // PUBACK: the broker has it
    kNoSubscriber,  // PUBACK "no matching subscribers": the broker has it for nobody, it is gone
    kNotSent,       // certainly not with the broker: expired or dropped in our queue, or refused
    kOvertaken,     // certainly not with the broker: withdrawn, a stop of its printer came after it
    kUnknown,       // handed over, and the connection went before its PUBACK: it may go out or not
  };

  fleet::ExecutionKey execution;
  fleet::PublishToken token = 0;
  bool ok = true;  // kTaken or kNoSubscriber
  Result result = Result::kTaken;
};

// A deadline of core came: see Core::NextDeadline.
struct Tick {};

// A stop that was sent while the store was away, from the spool.
struct StopRecord {
  std::string json;
  int64_t spool_id = 0;
};

// A request refused while the store was away, from the spool: for the audit.
struct RefusedRecord {
  std::string json;
  int64_t spool_id = 0;
};

// Reading from the spool began or ended. While it lasts, nothing that is read is of now: as when we
// are deaf (Links::SetDraining).
struct Draining {};

struct Answer {
  fleet::Question question;
  bool ok = false;
  std::vector<std::string> rows;  // JSON objects
  std::string error;
};

// A COMMIT in doubt turned out done after its requests had been answered `unknown`: the
// executions it queued are cancelled before anything is sent.
struct CancelUnsent {
  std::vector<CommandId> commands;
};

// An upload is whole on disk. The answer goes to who waits for `ticket` (Effects::replies).
struct FileStored {
  uint64_t ticket = 0;
  fleet::Artifact artifact;  // without id, model_id and added_at
};

// How much of an offered file its printer has fetched.
struct FileSent {
  fleet::ExecutionKey execution;
  int attempt = 0;
  bool whole = false;  // the last byte of it went out; else the first
  int64_t bytes = 0;   // sent so far
  WallTime at;
};

// The daemon itself is in trouble, or no longer: daemon/bridge_notices.h, which has told who wants
// to know already.
struct BridgeNews {
  WallTime at;
  bool degraded = false;
  std::string reason;
};

// A message that was sent (or given up) without core, for the tables; its id is not one of core's.
struct ToldDirectly {
  NotificationRow row;
};

using Event =
    std::variant<Message, PoisonMessage, SessionUp, SessionDown, RecentDigests, OutboundUp,
                 OutboundDown, BrokerNote, Published, Tick, Draining, StopRecord, RefusedRecord,
                 Answer, CancelUnsent, FileStored, FileSent, Notified, BridgeNews, ToldDirectly>;

}  // namespace printfleet::core
