// A request on the fleet command topic and the responses to it. One thread, blocking.
#pragma once

#include <chrono>
#include <functional>
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

class Conversation {
 public:
  // Sees each response; returns the exit code once there is nothing more to wait for.
  using OnResponse = std::function<std::optional<int>(json::Value response)>;

  // Connects and reads what the daemon says of itself. kInvalid, kUnavailable, kRejected.
  static Result<std::unique_ptr<Conversation>> Open(const ConnectionArguments& connection);

  // kUnavailable: nobody answers, or the connection went; kRejected: the broker's access list.
  Result<Answer> Ask(const std::string& id, const std::string& request,
                     const OnResponse& on_response, Patience patience);

  // For while a person thinks: keeps the connection alive for at most `time`. True after a signal.
  Result<bool> Idle(std::chrono::milliseconds time);

  // What `<root>/bridge` says: "online", "degraded", "offline"; "" when nothing is there.
  [[nodiscard]] const std::string& bridge_state() const { return bridge_state_; }

  [[nodiscard]] const BrokerAddress& broker() const { return broker_; }

 private:
  Conversation(BrokerAddress broker, std::unique_ptr<Client> client);

  // The next message on `topic`; of others only what the daemon says of itself is taken note of.
  Result<Waited> NextOn(const std::string& topic, SteadyTime deadline);
  [[nodiscard]] Error NoAnswer() const;
  // Takes note of a message on `<root>/bridge`; of others, late answers, nothing.
  void NoteBridge(const Incoming& incoming);

  BrokerAddress broker_;
  std::unique_ptr<Client> client_;
  std::string bridge_state_;
  json::Parser parser_;
};

// Asks a `*.list` command page by page; each item as JSON text. `args` has neither limit nor after.
struct ListQuestion {
  std::string command;
  std::string target_json = "{}";
  std::vector<std::pair<std::string, std::string>> args;  // text arguments
  std::string items;                                      // "printers"
  size_t limit = SIZE_MAX;
};

Result<std::vector<std::string>> AskList(Conversation& conversation, const ListQuestion& question);

// Reads documents as the daemon writes them: larger than requests may be.
inline constexpr json::Limits kResponseLimits{64 << 20, 64};

// "refused: …" as a rejected response says it, and the exit code for it.
std::string RejectionText(json::Value rejected);
int ExitCodeOfRejection(json::Value rejected);

// Says an error on standard error; the exit code for it.
int Complain(const Error& error);

}  // namespace printfleet::cli
