// A message of the commands session: from the MQTT message to fleet, and the road beside the
// batch for stops and for a store that is away.
#include "base/text.h"
#include "core/core.h"

namespace printfleet::core {
namespace {

constexpr std::string_view kLocalAuthor = "local";
constexpr size_t kAuthorBytesMax = 128;
// Stops ahead of their batch that are remembered; those that are stored are not counted.
constexpr size_t kAheadMax = 10000;

// The author that a command topic names; nullopt when it is no command topic.
std::optional<std::string_view> AuthorOf(std::string_view topic, std::string_view root) {
  const std::string base = std::string(root) + "/command";
  if (topic == base) {
    return kLocalAuthor;
  }
  if (!topic.starts_with(base + "/")) {
    return std::nullopt;
  }
  const std::string_view author = topic.substr(base.size() + 1);
  if (author.empty() || author.size() > kAuthorBytesMax ||
      author.find_first_of("/+#") != std::string_view::npos || !IsCleanUtf8(author)) {
    return std::nullopt;
  }
  return author;
}

}  // namespace

std::optional<fleet::Delivery> Core::DeliveryOf(const Message& message) const {
  const auto author = AuthorOf(message.topic, settings_.fleet.topic_root);
  if (!author) {
    return std::nullopt;
  }
  fleet::Delivery delivery;
  delivery.author = *author;
  const auto user = users_->find(*author);
  if (*author == kLocalAuthor) {
    // Only an open loopback listener lets anybody publish as `local`; with an external broker
    // that is as good as everybody.
    delivery.role = settings_.broker.local_role;
    delivery.author_known =
        settings_.broker.mode == settings::Mode::kManaged || settings_.broker.trust_command_topic;
  } else if (user != users_->end()) {
    delivery.role = user->second.role;
  } else {
    delivery.author_known = false;
  }
  delivery.retained = message.retained;
  delivery.backlog = message.backlog;
  delivery.deaf_for = message.deaf_for;
  delivery.draining = links_.draining();
  delivery.message_expiry_s = message.message_expiry_s;
  delivery.response_topic = message.response_topic;
  delivery.correlation_data = message.correlation_data;
  return delivery;
}

void Core::OnRequest(const Message& message, const Instant& now) {
  if (message.payload.empty()) {
    return;  // the clearing of a retained request comes back like this
  }
  const auto delivery = DeliveryOf(message);
  if (!delivery) {
    DeadLetter(message, "foreign_topic", "no author can be read from this topic");
    return;
  }
  ++batch_counters_.inbound_messages["request"];
  if (message.retained) {
    Publish clear;
    clear.topic = message.topic;
    clear.retain = true;
    effects_.publishes.push_back(std::move(clear));
  }
  fleet::Output output;
  fleet::HandleRequest(world_, rules(), *delivery, message.payload, now, message.stop_sent.get(),
                       output);
  Absorb(std::move(output), now);
  if (message.stop_sent) {
    fleet::Output withdrawn;
    for (const auto& key : TakeOvertaken(effects_.publishes, *message.stop_sent)) {
      fleet::HandleOvertaken(world_, rules(), key, now, withdrawn);
    }
    Absorb(std::move(withdrawn), now);
  }
}

std::optional<fleet::StopPlan> Core::PlanStop(const Message& message, const Instant& now) const {
  const auto delivery = DeliveryOf(message);
  if (!delivery || message.payload.empty()) {
    return std::nullopt;
  }
  return fleet::PlanStop(world_, rules(), *delivery, message.payload, now);
}

std::vector<Publish> Core::PlanAhead(Message& message, const Instant& now) {
  auto plan = PlanStop(message, now);
  if (!plan) {
    return {};
  }
  const fleet::RequestKey key{plan->reply_to.author, plan->request_id};
  if (const auto known = ahead_.find(key); known != ahead_.end()) {
    if (known->second->body == plan->body) {
      // Told to who asks now; there is nothing more to send or to record.
      auto repeated = std::make_shared<fleet::StopPlan>(*known->second);
      repeated->reply_to = plan->reply_to;
      repeated->record_json.clear();
      message.stop_sent = std::move(repeated);
    }
    return {};
  }
  if (ahead_.size() >= kAheadMax) {
    ahead_.clear();
  }
  message.stop_sent = std::make_shared<const fleet::StopPlan>(*std::move(plan));
  ahead_[key] = message.stop_sent;
  return StopPublishes(*message.stop_sent, now);
}

std::vector<Publish> Core::StopPublishes(const fleet::StopPlan& plan, const Instant& now) const {
  std::vector<Publish> publishes;
  for (const fleet::Outgoing& outgoing : plan.outgoing) {
    AddMessages(outgoing, now, publishes);
  }
  for (Publish& publish : publishes) {
    publish.lane = Publish::Lane::kStop;
  }
  return publishes;
}

Publish Core::StopResponse(const fleet::StopPlan& plan) const {
  return ResponsePublish({plan.reply_to, plan.response_json});
}

void Core::AdoptAhead(std::string_view record_json) {
  if (auto stop = fleet::RecordedStop(rules(), record_json)) {
    const fleet::RequestKey key{stop->reply_to.author, stop->request_id};
    ahead_[key] = std::make_shared<const fleet::StopPlan>(*std::move(stop));
  }
}

Core::Refusal Core::Refuse(const Message& message, const Instant& now,
                           std::string_view reason) const {
  Refusal refusal;
  const auto delivery = DeliveryOf(message);
  if (!delivery || message.payload.empty()) {
    return refusal;
  }
  const fleet::Output output = fleet::Refuse(rules(), *delivery, message.payload, now, reason);
  for (const fleet::Response& response : output.responses) {
    refusal.publishes.push_back(ResponsePublish(response));
  }
  if (!output.audit.empty()) {
    const fleet::AuditEntry& entry = output.audit.front();
    json::Writer writer;
    writer.BeginObject()
        .Member("at", EpochMs(entry.at))
        .Member("author", entry.author)
        .Member("request_id", entry.request_id)
        .Member("command", entry.command)
        .Member("target", entry.target_json)
        .Member("args", entry.args_json)
        .Member("outcome", entry.outcome)
        .EndObject();
    refusal.record_json = writer.Take();
  }
  return refusal;
}

void Core::OnRefusedRecord(const RefusedRecord& record, const Instant& now) {
  json::Parser parser;
  const auto parsed = parser.Parse(record.json, json::Limits{});
  if (!parsed.ok()) {
    return;
  }
  const json::Value value = parsed.value();
  const auto text = [&](std::string_view name) {
    return std::string(value[name].String().value_or(""));
  };
  fleet::AuditEntry entry;
  entry.at = FromEpochMs(value["at"].Int().value_or(EpochMs(now.wall)));
  entry.author = text("author");
  entry.request_id = text("request_id");
  entry.command = text("command");
  entry.target_json = text("target");
  entry.args_json = text("args");
  entry.outcome = text("outcome");
  effects_.rows.audit.push_back(std::move(entry));
}

void Core::OnKnownRequest(const Message& message, const Instant& now) {
  const auto delivery = DeliveryOf(message);
  if (!delivery) {
    return;
  }
  fleet::Output output;
  fleet::HandleKnownRequest(world_, rules(), *delivery, message.payload, now, output);
  Absorb(std::move(output), now);
}

// Its author is told that nothing of it was done, and it is audited without what the store or the
// process might stumble over again.
void Core::RefusePoison(const PoisonMessage& poison, const Instant& now) {
  const auto delivery = DeliveryOf(poison.message);
  if (!delivery || poison.message.payload.empty()) {
    return;
  }
  const std::string_view whole = poison.message.payload;
  const std::string_view readable = poison.reason == "crashed" ? std::string_view("{}") : whole;
  fleet::Output output = fleet::Refuse(rules(), *delivery, readable, now, "malformed");
  for (fleet::AuditEntry& entry : output.audit) {
    entry.target_json.clear();
    entry.args_json.clear();
  }
  Absorb(std::move(output), now);
}

void Core::OnCancelUnsent(const CancelUnsent& cancel, const Instant& now) {
  fleet::Output output;
  for (const CommandId id : cancel.commands) {
    fleet::HandleUnsent(world_, rules(), id, now, output);
  }
  Absorb(std::move(output), now);
}

}  // namespace printfleet::core
