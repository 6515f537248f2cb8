#include "cli/conversation.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/request.h"

namespace printfleet::cli {
namespace {

constexpr size_t kPageItems = 500;
constexpr int kPagesMax = 10000;
constexpr std::chrono::milliseconds kBridgeWordTime{200};

int ExitCodeOf(Errc code) {
  switch (code) {
    case Errc::kUnavailable:
      return kNotReachable;
    case Errc::kTimeout:
      return kTimedOut;
    case Errc::kInvalid:
    case Errc::kMalformed:
    case Errc::kUnsupported:
    case Errc::kNotFound:
    case Errc::kConflict:
    case Errc::kRejected:
    case Errc::kInternal:
      return kUsage;
  }
  return kUsage;
}

std::string BridgeTopic(const BrokerAddress& broker) {
  return broker.topic_root + "/bridge";
}

std::string PageArgs(const ListQuestion& question, size_t limit, const std::string& after) {
  json::Writer out;
  out.BeginObject();
  for (const auto& [name, value] : question.args) {
    out.Key(name).Raw(value);
  }
  out.Member("limit", static_cast<int64_t>(limit));
  if (!after.empty()) {
    out.Key("after").Raw(after);
  }
  out.EndObject();
  return out.Take();
}

// What one page says: items are appended; `after` is the JSON of the next page's, empty at the end.
struct Page {
  std::vector<std::string>& items;
  std::string around;
  std::string after;
  std::optional<Error> refused;
};

std::optional<int> ReadPage(json::Value response, const ListQuestion& question, Page& page) {
  const auto event = response["event"].String().value_or("");
  if (event == "rejected") {
    page.refused =
        Error{ExitCodeOfRejection(response) == kNotReachable ? Errc::kUnavailable : Errc::kRejected,
              RejectionText(response)};
    return kUsage;
  }
  if (event != "done") {
    return std::nullopt;
  }
  const json::Value result = response["result"];
  const json::Value around = question.within.empty() ? result : result[question.within];
  const json::Value items = around[question.items];
  page.around = around.Text();
  for (size_t i = 0; i < items.size(); ++i) {
    page.items.push_back(items.at(i).Text());
  }
  const json::Value after = result["after"];
  page.after = after.exists() && !after.IsNull() ? after.Text() : "";
  return kDone;
}

}  // namespace

Conversation::Conversation(BrokerAddress broker, std::unique_ptr<Client> client)
    : broker_(std::move(broker)), client_(std::move(client)) {}

Result<std::unique_ptr<Conversation>> Conversation::Open(const ConnectionArguments& connection) {
  auto broker = FindBroker(connection);
  if (!broker.ok()) {
    return broker.error();
  }
  auto client = Client::Connect(*broker);
  if (!client.ok()) {
    return client.error();
  }
  std::unique_ptr<Conversation> conversation(
      new Conversation(*std::move(broker), *std::move(client)));  // NOLINT(owning-memory)
  if (auto status = conversation->client_->Subscribe(BridgeTopic(conversation->broker_));
      !status.ok()) {
    return status.error();
  }
  // The retained word, if there is one, comes right behind the SUBACK.
  const auto interrupted = conversation->Idle(kBridgeWordTime);
  if (!interrupted.ok()) {
    return interrupted.error();
  }
  return conversation;
}

Result<bool> Conversation::Idle(std::chrono::milliseconds time) {
  const auto waited = client_->Next(std::chrono::steady_clock::now() + time);
  if (!waited.ok()) {
    return waited.error();
  }
  if (waited->message) {
    NoteBridge(*waited->message);
  }
  return waited->interrupted;
}

void Conversation::NoteBridge(const Incoming& incoming) {
  if (incoming.topic != BridgeTopic(broker_)) {
    return;
  }
  json::Parser parser;
  const auto document = parser.Parse(incoming.payload, kResponseLimits);
  bridge_state_ = document.ok() ? std::string((*document)["state"].String().value_or("")) : "";
}

Result<Answer> Conversation::Ask(const std::string& id, const std::string& request,
                                 const OnResponse& on_response, Patience patience) {
  if (bridge_state_ == "offline" && !patience.even_offline) {
    return Error{Errc::kUnavailable, "the daemon is offline"};
  }
  if (auto status = Listen(id); !status.ok()) {
    return status.error();
  }
  if (auto status = Post(request); !status.ok()) {
    return status.error();
  }
  const SteadyTime start = std::chrono::steady_clock::now();
  SteadyTime deadline = start + patience.first_answer;
  bool answered = false;
  while (true) {
    const auto heard = Next(deadline);
    if (!heard.ok()) {
      return heard.error();
    }
    if (!heard->response) {
      if (heard->interrupted || answered) {
        return Answer{std::nullopt, heard->interrupted, !heard->interrupted};
      }
      return NoAnswer();
    }
    if (heard->id != id) {
      continue;
    }
    if (const auto code = on_response(*heard->response)) {
      return Answer{code, false, false};
    }
    answered = true;
    deadline = patience.total ? start + *patience.total : SteadyTime::max();
  }
}

Status Conversation::Listen(const std::string& id) {
  const std::string topic = broker_.ResponseTopic(id);
  if (!ids_.emplace(topic, id).second) {
    return Ok{};
  }
  return client_->Subscribe(topic);
}

Status Conversation::Post(const std::string& request) {
  return client_->Publish(broker_.CommandTopic(), request);
}

Result<Heard> Conversation::Next(SteadyTime deadline) {
  while (true) {
    const auto waited = client_->Next(deadline);
    if (!waited.ok()) {
      return waited.error();
    }
    if (!waited->message) {
      return Heard{"", std::nullopt, waited->interrupted};
    }
    const auto id = ids_.find(waited->message->topic);
    if (id == ids_.end()) {
      NoteBridge(*waited->message);
      continue;
    }
    const auto response = parser_.Parse(waited->message->payload, kResponseLimits);
    if (!response.ok()) {
      return response.error().Within("the daemon's response");
    }
    return Heard{id->second, *response, false};
  }
}

Error Conversation::NoAnswer() const {
  if (bridge_state_ == "offline") {
    return Error{Errc::kUnavailable, "the daemon is offline"};
  }
  return Error{Errc::kUnavailable, "no answer from the daemon: is it running, with topic root " +
                                       broker_.topic_root + "?"};
}

Result<std::vector<std::string>> AskList(Conversation& conversation, const ListQuestion& question,
                                         std::string* around) {
  std::vector<std::string> items;
  std::string after;
  for (int number = 0; number < kPagesMax && items.size() < question.limit; ++number) {
    const size_t limit = std::min(kPageItems, question.limit - items.size());
    const std::string id = NewUuid();
    Page page{items, "", "", std::nullopt};
    const auto answer = conversation.Ask(
        id,
        RequestJson(id, question.command, question.target_json, PageArgs(question, limit, after),
                    RequestOptions{}),
        [&](json::Value response) { return ReadPage(response, question, page); },
        Patience{std::chrono::seconds(10), std::chrono::seconds(30)});
    if (!answer.ok()) {
      return answer.error();
    }
    if (page.refused) {
      return *page.refused;
    }
    if (!answer->code) {
      return Error{answer->late ? Errc::kTimeout : Errc::kUnavailable,
                   answer->late ? "the daemon did not finish its answer" : "interrupted"};
    }
    if (around != nullptr) {
      *around = page.around;
    }
    if (page.after.empty() || page.after == after) {
      break;
    }
    after = page.after;
  }
  return items;
}

std::string RejectionText(json::Value rejected) {
  std::string text = "refused: " + CellText(rejected["reason"]);
  if (const auto message = rejected["message"].String(); message && !message->empty()) {
    text += ": " + PrintableText(*message, 1000);
  }
  return text;
}

int ExitCodeOfRejection(json::Value rejected) {
  const auto reason = rejected["reason"].String().value_or("");
  return reason == "unavailable" || reason == "unknown" || reason == "stale" ? kNotReachable
                                                                             : kUsage;
}

int Complain(const Error& error) {
  PrintError("printfleet: " + error.message + "\n");
  return ExitCodeOf(error.code);
}

}  // namespace printfleet::cli
