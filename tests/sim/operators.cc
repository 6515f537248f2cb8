#include "tests/sim/operators.h"

#include <utility>

namespace printfleet::sim {
namespace {

constexpr size_t kPastMax = 200;
constexpr std::string_view kFile = R"({"file":{"storage":"local","filename":"a.gcode"})";

std::string Quoted(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

std::string Operators::NewId() {
  const std::string number = std::to_string(++ids_);
  return "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
}

std::string Operators::OnePrinter() {
  return R"({"printers":[)" + Quoted(Any(printers_)) + "]}";
}

std::string Operators::Target() {
  std::string target;
  const auto add = [&target](const std::string& member) {
    target += (target.empty() ? "{" : ",") + member;
  };
  switch (random_.Below(8)) {
    case 0:
      add(R"("all":true)");
      break;
    case 1:
      add(R"("models":[)" + Quoted(Any({"K2Pro", "K2Plus", "20023"})) + "]");
      break;
    case 2:
      add(R"("groups":["rack-)" + std::to_string(random_.Below(4)) + "\"]");
      break;
    case 3:
      add(R"("states":["idle",)" + Quoted(Any({"printing", "paused", "offline"})) + "]");
      break;
    case 4:
      add(R"("bed":[)" + Quoted(Any({"clear", "occupied", "unknown"})) + "]");
      break;
    case 5:
      add(R"("firmware":)" + Quoted(Any({"<3.1.0", ">=3.1.0", "!=3.1.2"})));
      break;
    default: {
      std::string names = Quoted(Any(printers_));
      for (size_t more = random_.Below(6); more > 0; --more) {
        names += "," + Quoted(Any(printers_));
      }
      add("\"printers\":[" + names + "]");
    }
  }
  if (random_.Chance(0.15)) {
    add(R"("enrolment":["enrolled"])");
  }
  if (random_.Chance(0.15)) {
    add("\"exclude\":[" + Quoted(Any(printers_)) + "]");
  }
  if (random_.Chance(0.3)) {
    add("\"percent\":" + std::to_string(random_.Between(1, 100)));
  }
  if (random_.Chance(0.4)) {
    add("\"limit\":" + std::to_string(random_.Between(1, 40)));
  }
  return target + "}";
}

std::string Operators::Options() {
  std::string options;
  const auto number = [&](const char* name, int64_t first, int64_t last) {
    options += ",\"" + std::string(name) + "\":" + std::to_string(random_.Between(first, last));
  };
  if (random_.Chance(0.6)) {
    number("timeout_s", 10, 120);
  }
  if (random_.Chance(0.6)) {
    number("max_in_flight", 1, 10);
  }
  if (random_.Chance(0.1)) {
    number("interval_ms", 10, 3000);
  }
  if (random_.Chance(0.05)) {
    number("heating_limit", 1, 5);
  }
  if (random_.Chance(0.3)) {
    options += R"(,"on_offline":"wait")";
  }
  if (random_.Chance(0.3)) {
    options += ",\"expires_at\":\"" +
               FormatIso8601(clock_.now().wall + milliseconds(random_.Between(1'000, 300'000))) +
               "\"";
  }
  if (random_.Chance(0.2)) {
    options += R"(,"reply":"final")";
  }
  return options;
}

Operators::Verb Operators::ChooseForPrinters() {
  const std::string target = Target();
  const std::string options = Options();
  switch (random_.Below(24)) {
    case 0:
      return {"status.query", target, "{}", options};
    case 1:
      return {"file.list_local", target, "{}", options};
    case 2:
    case 3:
    case 4:
      return {"file.delete_local", target,
              "{\"filename\":\"f" + std::to_string(random_.Next() % 1'000'000) + "\"}", options};
    case 5:
    case 6:
      return {"fan.set", target, "{\"fan_ratio\":0." + std::to_string(random_.Below(10)) + "}",
              options};
    case 7:
      return {"print.pause", target, "{}", options};
    case 8:
    case 9:
      return {"print.resume", target, "{}", options};
    case 10:
      return {"print.stop", target, "{}", options};
    case 11:
      return {"print.cancel", target, "{}", options};
    case 12:
    case 13:
      return {"print.update", target,
              random_.Chance(0.5) ? R"({"bed_target_c":60})"
                                  : R"({"bed_target_c":60,"unattended_ok":true})",
              options};
    case 14:
      return {"print.update", target, R"({"nozzle_target_c":0,"bed_target_c":0})", options};
    case 15:
    case 16:
      return {"ota.update", OnePrinter(),
              R"({"url":"http://x/u","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,)"
              R"("version":"3.2.)" +
                  std::to_string(random_.Below(50)) + R"(","name":"u.bin","confirm":true})",
              R"(,"timeout_s":300)"};
    case 17:
      return {"video.start_capture", target,
              R"({"region":"eu","tmp_secret_key":"k","tmp_secret_id":"i","session_token":"t"})",
              options};
    default:
      return {"print.start", target,
              std::string(kFile) + (random_.Chance(0.3) ? R"(,"bed_unknown_ok":true})" : "}"),
              options};
  }
}

Operators::Verb Operators::ChooseForFleet() {
  switch (random_.Below(14)) {
    case 0:
      return {"printer.set", OnePrinter(), R"({"maintenance":"belt"})", ""};
    case 1:
      return {"printer.set", R"({"all":true})", R"({"maintenance":null})", ""};
    case 2:
      return {"printer.set", OnePrinter(),
              "{\"groups\":[\"rack-" + std::to_string(random_.Below(4)) + "\"]}", ""};
    case 3:
      return {random_.Chance(0.5) ? "printer.reject" : "printer.enroll", OnePrinter(), "{}", ""};
    case 4:
      return {"printer.enroll", R"({"all":true,"enrolment":["pending","rejected"]})", "{}", ""};
    case 5:
      return {"fleet.hold", "", "{}", ""};
    case 6:
    case 7:
      return {"fleet.release", "", "{}", ""};
    case 8:
      return {"printer.set", Target(), R"({"bed":"unknown"})", ""};
    default:
      return {"printer.set", R"({"bed":["occupied"],"states":["idle"]})", R"({"bed":"clear"})", ""};
  }
}

Operators::Verb Operators::Choose() {
  if (!past_.empty() && random_.Chance(0.12)) {
    const Asked& asked = past_[random_.Below(past_.size())].asked;
    return {"command.cancel", "",
            "{\"request_id\":\"" + asked.request_id + "\",\"author\":\"" + asked.author + "\"}", "",
            Any({"ann", "bob"})};
  }
  Verb verb = random_.Chance(0.3) ? ChooseForFleet() : ChooseForPrinters();
  verb.author = Any({"ann", "bob"});
  return verb;
}

Operators::Sent Operators::Make(const Verb& verb, const std::string& id,
                                const std::string& more_options) {
  const std::string options = verb.options + more_options;
  Sent sent;
  sent.inbound.session = core::Session::kCommands;
  sent.inbound.topic = "fleet/v1/command/" + verb.author;
  sent.inbound.payload = "{\"id\":\"" + id + "\",\"command\":\"" + verb.command + "\"";
  if (!verb.target.empty()) {
    sent.inbound.payload += ",\"target\":" + verb.target;
  }
  sent.inbound.payload += ",\"args\":" + verb.args;
  if (!options.empty()) {
    sent.inbound.payload += ",\"options\":{" + options.substr(1) + "}";
  }
  sent.inbound.payload += "}";
  sent.asked.author = verb.author;
  sent.asked.request_id = id;
  sent.asked.payload = sent.inbound.payload;
  sent.asked.at = clock_.now().mono;
  sent.asked.has_age = options.find("expires_at") != std::string::npos;
  return sent;
}

// The same id: the same body, another body, or another author.
Operators::Sent Operators::Again() {
  Sent sent = past_[random_.Below(past_.size())];
  switch (random_.Below(4)) {
    case 0: {
      Verb other = Choose();
      other.author = sent.asked.author;
      return Make(other, sent.asked.request_id, "");
    }
    case 1: {
      const std::string other = sent.asked.author == "ann" ? "bob" : "ann";
      sent.inbound.topic = "fleet/v1/command/" + other;
      sent.asked.author = other;
      break;
    }
    default:
      break;
  }
  sent.asked.at = clock_.now().mono;
  sent.asked.pair.clear();
  return sent;
}

std::vector<Operators::Sent> Operators::Next() {
  std::vector<Sent> sent;
  if (!past_.empty() && random_.Chance(0.15)) {
    sent.push_back(Again());
    return sent;
  }
  const Verb verb = Choose();
  if (!verb.target.empty() && random_.Chance(0.15)) {
    sent.push_back(Make(verb, NewId(), R"(,"dry_run":true)"));
  }
  sent.push_back(Make(verb, NewId(), ""));
  if (sent.size() == 2) {
    sent[1].asked.pair = sent[0].asked.request_id;
  }
  if (random_.Chance(0.1)) {
    sent.back().inbound.expiry_s = static_cast<uint32_t>(random_.Between(5, 120));
    sent.back().asked.has_age = true;
  }
  past_.push_back(sent.back());
  if (past_.size() > kPastMax) {
    past_.pop_front();
  }
  if (random_.Chance(0.05)) {  // the client publishes it twice
    sent.push_back(sent.back());
  }
  return sent;
}

}  // namespace printfleet::sim
