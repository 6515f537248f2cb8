#include "spool/row.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"

namespace printfleet::spool {
namespace {

// Stored: never to be changed.
enum Kind : int64_t { kReport = 0, kStop = 1, kRefusal = 2 };

// In the order of spool/statements.h.
enum Column {
  kId,
  kKind,
  kKeptAt,
  kDoubt,
  kSummed,
  kTopic,
  kPayload,
  kRetained,
  kBacklog,
  kReceivedAt,
  kReceivedMono,
  kReadUntilMono,
  kBoot,
  kIngestSeq,
  kDeafFor,
  kMessageExpiry,
  kResponseTopic,
  kCorrelationData,
};

constexpr int64_t kTimeMax = 253'402'300'800'000;  // the year 10000, in milliseconds
constexpr int64_t kRowBytes = 64;                  // of the columns beside the texts

int64_t Sum(const Digest& digest) {
  return static_cast<int64_t>(digest.words[0]);
}

template <typename Time>
int64_t Count(Time time) {
  return std::clamp(int64_t{time.time_since_epoch().count()}, -kTimeMax, kTimeMax);
}

bool Plausible(int64_t time_ms) {
  return -kTimeMax <= time_ms && time_ms <= kTimeMax;
}

void BindRecord(Statement& statement, Kind kind, const std::string& json) {
  statement.Bind(kKind, kind);
  statement.Bind(kSummed, Sum(MessageDigest("", json)));
  statement.BindBytes(kTopic, "");
  statement.BindBytes(kPayload, json);
  for (int column = kRetained; column <= kCorrelationData; ++column) {
    statement.BindNull(column);
  }
}

void BindMessage(Statement& statement, const core::Message& message, int64_t boot) {
  statement.Bind(kKind, kReport);
  statement.Bind(kSummed, Sum(MessageDigest(message.topic, message.payload)));
  statement.BindBytes(kTopic, message.topic);
  statement.BindBytes(kPayload, message.payload);
  statement.Bind(kRetained, message.retained ? 1 : 0);
  statement.Bind(kBacklog, message.backlog ? 1 : 0);
  statement.Bind(kReceivedAt, Count(message.received.wall));
  statement.Bind(kReceivedMono, Count(message.received.mono));
  statement.Bind(kReadUntilMono, Count(message.read_until));
  statement.Bind(kBoot, boot);
  statement.Bind(kIngestSeq, static_cast<int64_t>(message.ingest_seq));
  statement.Bind(kDeafFor, message.deaf_for.count());
  if (message.message_expiry_s) {
    statement.Bind(kMessageExpiry, *message.message_expiry_s);
  } else {
    statement.BindNull(kMessageExpiry);
  }
  statement.BindBytes(kResponseTopic, message.response_topic);
  statement.BindBytes(kCorrelationData, message.correlation_data);
}

core::Message ReadMessage(const Statement& statement, const Digest& digest, const Boots& boots) {
  core::Message message;
  message.session = core::Session::kReports;
  message.topic = statement.Bytes(kTopic);
  message.payload = statement.Bytes(kPayload);
  message.digest = digest;
  message.retained = statement.Integer(kRetained) != 0;
  message.backlog = statement.Integer(kBacklog) != 0;
  message.ingest_seq = static_cast<uint64_t>(statement.Integer(kIngestSeq));
  message.deaf_for = seconds(statement.Integer(kDeafFor));
  if (!statement.IsNull(kMessageExpiry)) {
    message.message_expiry_s = static_cast<uint32_t>(statement.Integer(kMessageExpiry));
  }
  message.response_topic = statement.Bytes(kResponseTopic);
  message.correlation_data = statement.Bytes(kCorrelationData);
  message.received.wall = FromEpochMs(statement.Integer(kReceivedAt));
  message.received.mono = MonoTime(milliseconds(statement.Integer(kReceivedMono)));
  message.read_until = MonoTime(milliseconds(statement.Integer(kReadUntilMono)));
  if (statement.Integer(kBoot) != boots.current) {
    // As long ago as the wall clock says, and in no case to come.
    const milliseconds age = std::max(boots.now.wall - message.received.wall, milliseconds(0));
    const MonoTime received = boots.now.mono - age;
    if (message.read_until != MonoTime()) {
      message.read_until += received - message.received.mono;
    }
    message.received.mono = received;
  }
  return message;
}

}  // namespace

bool IsRecord(const Item& item) {
  return !std::holds_alternative<core::Message>(item);
}

int64_t BytesOf(const Item& item) {
  struct Sizes {
    size_t operator()(const core::Message& message) const {
      return message.topic.size() + message.payload.size() + message.response_topic.size() +
             message.correlation_data.size();
    }

    size_t operator()(const core::StopRecord& record) const { return record.json.size(); }

    size_t operator()(const core::RefusedRecord& record) const { return record.json.size(); }
  };

  return kRowBytes + static_cast<int64_t>(std::visit(Sizes(), item));
}

void BindRow(Statement& statement, const Entry& entry, std::optional<int64_t> doubt, int64_t boot) {
  statement.Bind(kKeptAt, Count(entry.kept_at));
  if (doubt) {
    statement.Bind(kDoubt, *doubt);
  } else {
    statement.BindNull(kDoubt);
  }
  if (const auto* message = std::get_if<core::Message>(&entry.item)) {
    BindMessage(statement, *message, boot);
  } else if (const auto* stop = std::get_if<core::StopRecord>(&entry.item)) {
    BindRecord(statement, kStop, stop->json);
  } else {
    BindRecord(statement, kRefusal, std::get<core::RefusedRecord>(entry.item).json);
  }
}

Result<Row> ReadRow(const Statement& statement, const Boots& boots) {
  Row row;
  row.entry.id = statement.Integer(kId);
  row.entry.kept_at = FromEpochMs(statement.Integer(kKeptAt));
  if (!statement.IsNull(kDoubt)) {
    row.doubt = statement.Integer(kDoubt);
  }
  const Digest digest = MessageDigest(statement.Bytes(kTopic), statement.Bytes(kPayload));
  const int64_t kind = statement.Integer(kKind);
  bool written = Sum(digest) == statement.Integer(kSummed) && kReport <= kind && kind <= kRefusal;
  for (const Column time : {kKeptAt, kReceivedAt, kReceivedMono, kReadUntilMono, kDeafFor}) {
    written = written && Plausible(statement.Integer(time));
  }
  if (!written) {
    return Error{Errc::kMalformed,
                 "entry " + std::to_string(row.entry.id) + " is not what was written"};
  }
  if (kind == kReport) {
    row.entry.item = ReadMessage(statement, digest, boots);
  } else if (kind == kStop) {
    row.entry.item = core::StopRecord{std::string(statement.Bytes(kPayload))};
  } else {
    row.entry.item = core::RefusedRecord{std::string(statement.Bytes(kPayload))};
  }
  return row;
}

}  // namespace printfleet::spool
