// printfleet capture: a printer's own traffic, both ways, as lines of a file.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "base/json.h"
#include "capture/message.h"
#include "capture/redact.h"
#include "cli/capture_file.h"
#include "cli/client.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/subcommands.h"
#include "settings/load.h"

namespace printfleet::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kProgress{1};
constexpr std::chrono::seconds kRosterTime{3};  // for the retained states of a large fleet
constexpr std::string_view kVendorTopics = "anycubic/";
constexpr size_t kPrinterIdBytes = 32;

// Where to listen, and what the broker does with QoS: a managed one delivers everything with the
// subscriber's, so that what printers chose is not to be seen.
struct Source {
  BrokerAddress broker;
  bool shows_qos = true;
};

Result<Source> FindSource(const CaptureArguments& arguments, const DaemonAccess& daemon_access) {
  const auto plain = [](Result<BrokerAddress> broker) -> Result<Source> {
    return broker.ok() ? Result<Source>(Source{*std::move(broker)}) : broker.error();
  };
  if (!arguments.connection.broker.empty()) {
    return plain(FindBroker(arguments.connection));
  }
  const auto file = FindConfig(arguments.connection.config);
  if (!file.ok()) {
    return file.error();
  }
  const settings::Loaded loaded = settings::LoadFile(*file);
  if (!loaded.ok()) {
    return Error{Errc::kInvalid, "see printfleet check --config " + *file};
  }
  if (loaded.settings.broker.mode == settings::Mode::kExternal) {
    return plain(BrokerOf(loaded.settings, arguments.connection));
  }
  if (!daemon_access) {
    return Error{Errc::kUnsupported, "this build cannot use the managed broker; say --broker"};
  }
  auto broker = daemon_access(loaded.settings);
  if (!broker.ok()) {
    return broker.error();
  }
  broker->topic_root = loaded.settings.fleet.topic_root;
  return Source{*std::move(broker), false};
}

struct Known {
  capture::CapturedPrinter printer;
  std::string name;
};

// The printers the daemon knows, from its retained documents; none when it has never run. What it
// says of itself comes behind them and ends the wait.
Result<std::vector<Known>> Roster(const BrokerAddress& broker) {
  auto client = Client::Connect(broker);
  if (!client.ok()) {
    return client.error();
  }
  for (const auto* filter : {"/printers/+/state", "/bridge"}) {
    if (auto status = (*client)->Subscribe(broker.topic_root + filter); !status.ok()) {
      return status.error();
    }
  }
  std::vector<Known> known;
  json::Parser parser;
  const auto deadline = steady_clock::now() + kRosterTime;
  while (true) {
    const auto waited = (*client)->Next(deadline);
    if (!waited.ok()) {
      return waited.error();
    }
    if (!waited->message || waited->message->topic == broker.topic_root + "/bridge") {
      return known;
    }
    const auto document = parser.Parse(waited->message->payload, kResponseLimits);
    if (document.ok()) {
      const auto text = [&document](std::string_view member) {
        return std::string((*document)[member].String().value_or(""));
      };
      known.push_back({{text("printer_id"), text("model_id"), text("firmware")}, text("name")});
    }
  }
}

// The printers that are meant: of --printer each one, of --all those that are known.
Result<std::vector<capture::CapturedPrinter>> Choose(const CaptureArguments& arguments,
                                                     const std::vector<Known>& roster) {
  std::vector<capture::CapturedPrinter> chosen;
  if (arguments.all) {
    for (const Known& known : roster) {
      chosen.push_back(known.printer);
    }
    return chosen;
  }
  for (const std::string& wanted : arguments.printers) {
    const auto found = std::ranges::find_if(roster, [&wanted](const Known& known) {
      return known.name == wanted || known.printer.printer_id == wanted;
    });
    const bool may_be_id =
        wanted.size() == kPrinterIdBytes && wanted.find_first_of("+#/") == std::string::npos;
    if (found != roster.end()) {
      chosen.push_back(found->printer);
    } else if (may_be_id) {
      chosen.push_back({wanted, "", ""});  // one that has not been heard of yet
    } else {
      return Error{Errc::kNotFound, "no printer \"" + wanted +
                                        "\"; printfleet printers lists them, and the id of one "
                                        "that never reported has 32 characters"};
    }
  }
  return chosen;
}

// No two of them match the same topic. [§1]; the last two are older firmware's.
std::vector<std::string> FiltersOf(const CaptureArguments& arguments,
                                   const std::vector<capture::CapturedPrinter>& printers) {
  if (arguments.all) {
    return {std::string(kVendorTopics) + "#"};
  }
  std::vector<std::string> filters;
  for (const auto& printer : printers) {
    for (const auto* head : {"v1/printer/public/", "v1/printer/app/", "v1/+/printer/",
                             "printer/public/", "+/printer/"}) {
      filters.push_back(std::string(kVendorTopics) + "anycubicCloud/" + head + "+/" +
                        printer.printer_id + "/#");
    }
  }
  return filters;
}

std::string SizeText(uint64_t bytes) {
  constexpr uint64_t kKilobyte = 1000;
  constexpr uint64_t kMegabyte = kKilobyte * kKilobyte;
  return bytes < kMegabyte ? std::to_string(bytes / kKilobyte) + " kB"
                           : std::to_string(bytes / kMegabyte) + " MB";
}

// What is written, and what is said of it.
class Recording {
 public:
  Recording(const CaptureArguments& arguments, bool shows_qos, CaptureFile file)
      : arguments_(arguments),
        shows_qos_(shows_qos),
        redactor_({NewUuid() + NewUuid(), arguments.redact_filenames}),
        file_(std::move(file)) {}

  Status AddHeader(std::vector<capture::CapturedPrinter> printers) {
    capture::Header header;
    header.tool = "printfleet " PRINTFLEET_VERSION;
    header.started_at = WallNow();
    header.printers = std::move(printers);
    if (!arguments_.keep_secrets) {
      header.redacted.assign(std::begin(capture::kRedactedByDefault),
                             std::end(capture::kRedactedByDefault));
      if (arguments_.redact_filenames) {
        header.redacted.emplace_back("names of files");
      }
      for (auto& printer : header.printers) {
        printer.printer_id = redactor_.PrinterId(printer.printer_id);
      }
    }
    return file_.Add(LineOf(header));
  }

  // False: the file is as large as it may get.
  Result<bool> Add(Incoming incoming) {
    capture::Message message;
    message.at = WallNow();
    message.offset_ms = Elapsed().count();
    message.topic = std::move(incoming.topic);
    message.qos = shows_qos_ ? std::optional(incoming.qos) : std::nullopt;
    message.retained = incoming.retained;
    message.payload = std::move(incoming.payload);
    const bool from_printer =
        capture::DirectionOf(message.topic) == capture::Direction::kFromPrinter;
    if (!arguments_.keep_secrets) {
      redactor_.Redact(message);
    }
    std::string line = LineOf(message);
    if (!file_.HasRoom(line.size())) {
      return false;
    }
    if (auto status = file_.Add(std::move(line)); !status.ok()) {
      return status.error();
    }
    ++(from_printer ? from_ : to_);
    return true;
  }

  [[nodiscard]] std::string Summary() const {
    const auto elapsed_s = std::chrono::floor<seconds>(Elapsed()).count();
    return std::to_string(from_) + " messages from printers, " + std::to_string(to_) +
           " to them, " + SizeText(file_.bytes()) + ", " + std::to_string(elapsed_s) + " s";
  }

 private:
  static WallTime WallNow() {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  }

  [[nodiscard]] milliseconds Elapsed() const {
    return std::chrono::floor<milliseconds>(steady_clock::now() - began_);
  }

  const CaptureArguments& arguments_;
  const bool shows_qos_;
  const SteadyTime began_ = steady_clock::now();
  capture::Redactor redactor_;
  CaptureFile file_;
  int64_t from_ = 0;
  int64_t to_ = 0;
};

// Until a signal, the end of the time or the largest size.
Status Record(const CaptureArguments& arguments, Client& client, Recording& recording) {
  const bool shows = isatty(STDERR_FILENO) != 0;
  const auto began = steady_clock::now();
  const auto end = arguments.time_s ? began + seconds(*arguments.time_s) : SteadyTime::max();
  for (auto next_progress = began + kProgress; steady_clock::now() < end;) {
    auto waited = client.Next(std::min(end, next_progress));
    if (!waited.ok()) {
      return waited.error();
    }
    if (waited->interrupted) {
      return Ok{};
    }
    if (waited->message && waited->message->topic.starts_with(kVendorTopics)) {
      const auto added = recording.Add(*std::move(waited->message));
      if (!added.ok()) {
        return added.error();
      }
      if (!*added) {
        PrintError("printfleet: the file is as large as it may get (--max-bytes)\n");
        return Ok{};
      }
    }
    if (steady_clock::now() >= next_progress) {
      next_progress = steady_clock::now() + kProgress;
      PrintError(shows ? "\r\x1b[K" + recording.Summary() + "; Ctrl-C ends" : "");
    }
  }
  return Ok{};
}

Status Listen(Client& client, const Source& source, const std::vector<std::string>& filters) {
  constexpr int kEveryQos = 2;
  SubscribeOptions options;
  options.qos = source.shows_qos ? kEveryQos : 1;
  options.retain_as_published = true;
  for (const std::string& filter : filters) {
    if (auto status = client.Subscribe(filter, options); !status.ok()) {
      return status;
    }
  }
  return Ok{};
}

}  // namespace

int Capture(const CaptureArguments& arguments, const DaemonAccess& daemon_access) {
  const auto source = FindSource(arguments, daemon_access);
  if (!source.ok()) {
    return Complain(source.error());
  }
  const auto roster = Roster(source->broker);
  if (!roster.ok()) {
    return Complain(roster.error());
  }
  auto printers = Choose(arguments, *roster);
  if (!printers.ok()) {
    return Complain(printers.error());
  }
  auto client = Client::Connect(source->broker);
  if (!client.ok()) {
    return Complain(client.error());
  }
  auto file = CaptureFile::Create(arguments.file, arguments.overwrite, arguments.bytes_max);
  if (!file.ok()) {
    return Complain(file.error());
  }
  Recording recording(arguments, source->shows_qos, *std::move(file));
  const auto filters = FiltersOf(arguments, *printers);
  Status status = recording.AddHeader(*std::move(printers));
  if (status.ok()) {
    status = Listen(**client, *source, filters);
  }
  if (status.ok()) {
    status = Record(arguments, **client, recording);
  }
  PrintError(std::string(isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "") + arguments.file + ": " +
             recording.Summary() + "\n");
  return status.ok() ? kDone : Complain(status.error());
}

}  // namespace printfleet::cli
