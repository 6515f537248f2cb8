// printfleet watch: the retained states and the events, live.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <sstream>

#include "cli/client.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{250};
constexpr size_t kEventsShown = 6;
constexpr size_t kRowsWithoutTerminal = 24;

size_t TerminalRows() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8;
  return known ? size.ws_row : kRowsWithoutTerminal;
}

// What the topics have said, and how it is shown.
class Screen {
 public:
  Screen(std::string root, bool json)
      : root_(std::move(root)), json_(json), redraws_(!json && isatty(STDOUT_FILENO) != 0) {}

  void Take(const Incoming& incoming) {
    const auto document = parser_.Parse(incoming.payload, kResponseLimits);
    if (json_) {
      if (document.ok()) {
        Print(document->Text() + "\n");
      }
      return;
    }
    const std::string level =
        incoming.topic.substr(std::min(root_.size() + 1, incoming.topic.size()));
    if (level == "events") {
      TakeEvent(document);
    } else if (level == "bridge") {
      bridge_ = document.ok() ? CellText((*document)["state"]) : "-";
    } else {
      TakeState(incoming, document);
    }
    changed_ = true;
  }

  // On a terminal: everything again, if anything is new.
  void Draw() {
    if (!redraws_ || !std::exchange(changed_, false)) {
      return;
    }
    std::deque<json::Parser> parsers;
    std::vector<json::Value> values;
    for (const auto& [topic, state] : states_) {
      const auto value = parsers.emplace_back().Parse(state, kResponseLimits);
      if (value.ok()) {
        values.push_back(*value);
      }
    }
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    std::istringstream table(PrintersTable(values, now, Style{WantsColor()}));
    const size_t rows = TerminalRows() - kEventsShown - 3;
    std::string text = "\x1b[H\x1b[2J";
    std::string line;
    size_t shown = 0;
    for (; shown < rows && std::getline(table, line); ++shown) {
      text += line + "\n";
    }
    if (states_.size() + 1 > shown) {
      text += "… and " + std::to_string(states_.size() + 1 - shown) + " more\n";
    }
    text += "\n";
    for (const auto& event : events_) {
      text += event + "\n";
    }
    text += "daemon: " + bridge_ + ", " + std::to_string(states_.size()) + " printers; Ctrl-C ends";
    Print(text);
  }

  void End() const {
    if (redraws_) {
      Print("\n");
    }
  }

 private:
  void TakeEvent(const Result<json::Value>& document) {
    if (!document.ok()) {
      return;
    }
    events_.push_back(EventLine(*document));
    if (events_.size() > kEventsShown) {
      events_.pop_front();
    }
    Say(events_.back());
  }

  void TakeState(const Incoming& incoming, const Result<json::Value>& document) {
    if (!document.ok()) {
      states_.erase(incoming.topic);  // an empty one: retired
      lines_.erase(incoming.topic);
      return;
    }
    states_[incoming.topic] = incoming.payload;
    std::string line = StateLine(*document);
    if (std::exchange(lines_[incoming.topic], line) != line) {
      Say(line);
    }
  }

  void Say(const std::string& line) const {
    if (!redraws_) {
      Print(line + "\n");
    }
  }

  const std::string root_;
  const bool json_;
  const bool redraws_;
  bool changed_ = true;
  json::Parser parser_;
  std::string bridge_ = "-";
  std::map<std::string, std::string> states_;  // by topic
  std::map<std::string, std::string> lines_;   // the last line said of each
  std::deque<std::string> events_;
};

}  // namespace

int Watch(const WatchArguments& arguments) {
  const auto broker = FindBroker(arguments.connection);
  if (!broker.ok()) {
    return Complain(broker.error());
  }
  auto client = Client::Connect(*broker);
  if (!client.ok()) {
    return Complain(client.error());
  }
  for (const auto* filter : {"/bridge", "/printers/+/state", "/events"}) {
    if (auto status = (*client)->Subscribe(broker->topic_root + filter); !status.ok()) {
      return Complain(status.error());
    }
  }
  Screen screen(broker->topic_root, arguments.json);
  auto next_draw = std::chrono::steady_clock::now() + kRedraw;
  while (true) {
    const auto waited = (*client)->Next(next_draw);
    if (!waited.ok()) {
      screen.End();
      return Complain(waited.error());
    }
    if (waited->interrupted) {
      screen.End();
      return kDone;
    }
    if (waited->message) {
      screen.Take(*waited->message);
    }
    if (const auto now = std::chrono::steady_clock::now(); now >= next_draw) {
      screen.Draw();
      next_draw = now + kRedraw;
    }
  }
}

}  // namespace printfleet::cli
