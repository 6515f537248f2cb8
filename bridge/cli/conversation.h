// A request on the fleet command topic and the responses to it. One thread, blocking.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/client.h"

namespace printfleet::cli {

// How an exchange ended: `code` as OnResponse gave it.
struct Answer {
  std::optional<int> code;
  bool interrupted = false;  // by a signal; what was asked goes on
  bool late = false;         // the total time is over
};

// How long to wait. The first answer comes at once from a daemon that is there.
struct Patience {
  std::chrono::seconds first_answer{10};
  std::optional<std::chrono::seconds> total;  // none: as long as it takes
  bool even_offline = false;  // ask also when the daemon has said that it is offline
};

// What Next() returned for: a response to the request `id`, the deadline, or a signal.
struct Heard {
  std::string id;
  std::optional<json::Value> response;  // until the next call
  bool interrupted = false;
};

class Conversation {
 public:
  // Sees each response; returns the exit code once there is nothing more to wait for.
  using OnResponse = std::function<std::optional<int>(json::Value response)>;

  // Connects and reads what the daemon says of itself. kInvalid, kUnavailable, kRejected.
  static Result<std::unique_ptr<Conversation>> Open(const ConnectionArguments& connection);

  // kUnavailable: nobody answers, or the connection went; kRejected: the broker's access list.
  Result<Answer> Ask(const std::string& id, const std::string& request,
                     const OnResponse& on_response, Patience patience);

  // The parts of Ask. From Listen on, Next() also returns responses to the request `id`, which may
  // be one that was posted by another process. kUnavailable, kRejected.
  Status Listen(const std::string& id);
  Status Post(const std::string& request);
  Result<Heard> Next(SteadyTime deadline);

  // A signal was what ended a call with an error.
  [[nodiscard]] bool interrupted() const { return client_->interrupted(); }

  // Why nobody answered.
  [[nodiscard]] Error NoAnswer() const;

  // For while a person thinks: keeps the connection alive for at most `time`. True after a signal.
  Result<bool> Idle(std::chrono::milliseconds time);

  // What `<root>/bridge` says: "online", "degraded", "offline"; "" when nothing is there.
  [[nodiscard]] const std::string& bridge_state() const { return bridge_state_; }

  [[nodiscard]] const BrokerAddress& broker() const { return broker_; }

 private:
  Conversation(BrokerAddress broker, std::unique_ptr<Client> client);

  // Takes note of a message on `<root>/bridge`; of others, late answers, nothing.
  void NoteBridge(const Incoming& incoming);

  BrokerAddress broker_;
  std::unique_ptr<Client> client_;
  std::string bridge_state_;
  std::map<std::string, std::string> ids_;  // of the requests listened to, by topic
  json::Parser parser_;
};

// Asks a question page by page; each item as JSON text. `args` has neither limit nor after.
struct ListQuestion {
  std::string command;
  std::string target_json = "{}";
  std::vector<std::pair<std::string, std::string>> args;  // the values are JSON
  std::string within;                                     // "command": the items are in there
  std::string items;                                      // "printers"
  size_t limit = SIZE_MAX;
};

// Sets `*around`, when asked for, to what the items are in, as the last page has it.
Result<std::vector<std::string>> AskList(Conversation& conversation, const ListQuestion& question,
                                         std::string* around = nullptr);

// Reads documents as the daemon writes them: larger than requests may be.
inline constexpr json::Limits kResponseLimits{64 << 20, 64};

// "refused: …" as a rejected response says it, and the exit code for it.
std::string RejectionText(json::Value rejected);
int ExitCodeOfRejection(json::Value rejected);

// Says an error on standard error; the exit code for it.
int Complain(const Error& error);

}  // namespace printfleet::cli
