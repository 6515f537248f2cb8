#include "bench/simulator/control.h"

#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <vector>

#include "bench/simulator/farm.h"

namespace printfleet::simulator {
namespace {

using Words = std::vector<std::string>;

struct Verb {
  std::string_view name;
  std::size_t words_min;  // behind the printer
  std::string_view help;
  // False where the printer cannot do it now.
  bool (*run)(Client& client, const Words& words, std::int64_t now_ms);
};

std::string WordOr(const Words& words, std::size_t at, const char* otherwise) {
  return words.size() > at ? words[at] : otherwise;
}

// 0 where it is no number.
int CodeOf(const std::string& word) {
  int code = 0;
  std::from_chars(word.data(), word.data() + word.size(), code);
  return code;
}

const std::array<Verb, 14> kVerbs = {{
    {"panel-start", 1, "panel-start P FILE [TASKID]",
     [](Client& client, const Words& words, std::int64_t now_ms) {
       return client.printer().PanelStart(words[0], WordOr(words, 1, "-1"), now_ms);
     }},
    {"panel-stop", 0, "panel-stop P",
     [](Client& client, const Words&, std::int64_t now_ms) {
       return client.printer().PanelStop(now_ms);
     }},
    {"fail", 0, "fail P [CODE] (the running job)",
     [](Client& client, const Words& words, std::int64_t now_ms) {
       return client.printer().FailJob(CodeOf(WordOr(words, 0, "10122")), now_ms);
     }},
    {"disconnect", 0, "disconnect P (no DISCONNECT: the will is sent)",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.Disconnect(now_ms);
       return true;
     }},
    {"leave", 0, "leave P (with DISCONNECT)",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.Leave(now_ms);
       return true;
     }},
    {"reconnect", 0, "reconnect P",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.Reconnect(now_ms);
       return true;
     }},
    {"reboot", 0, "reboot P",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.printer().Reboot(now_ms);
       return true;
     }},
    {"silence", 0, "silence P",
     [](Client& client, const Words&, std::int64_t) {
       client.SetSilent(true);
       return true;
     }},
    {"speak", 0, "speak P",
     [](Client& client, const Words&, std::int64_t) {
       client.SetSilent(false);
       return true;
     }},
    {"busy", 0, "busy P (levelling at the panel)",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.printer().SetLevelling(true, now_ms);
       return true;
     }},
    {"free", 0, "free P",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.printer().SetLevelling(false, now_ms);
       return true;
     }},
    {"firmware", 1, "firmware P VERSION (told at the next connect)",
     [](Client& client, const Words& words, std::int64_t) {
       client.printer().SetFirmware(words[0]);
       return true;
     }},
    {"garbage", 0, "garbage P",
     [](Client& client, const Words&, std::int64_t now_ms) {
       client.SendGarbage(now_ms);
       return true;
     }},
    {"greet", 0, "greet P (the reports of a connect again)",
     [](Client& client, const Words&, std::int64_t now_ms) {
       if (client.connection().online()) {
         client.printer().Connected(now_ms);
       }
       return client.connection().online();
     }},
}};

// A printer's id, "#<index>", or "all".
std::vector<std::size_t> FindPrinters(const std::string& word, Farm& farm) {
  std::vector<std::size_t> found;
  std::size_t wanted = farm.size();
  if (word.size() > 1 && word.front() == '#') {
    std::from_chars(word.data() + 1, word.data() + word.size(), wanted);
  }
  for (std::size_t index = 0; index < farm.size(); ++index) {
    if (word == "all" || index == wanted || farm.client(index).printer().identity().id == word) {
      found.push_back(index);
    }
  }
  return found;
}

std::string Help() {
  std::string text = "ok stats; state P; quit";
  for (const Verb& verb : kVerbs) {
    text.append("; ").append(verb.help);
  }
  return text + "; P is an id, #INDEX or all";
}

std::string State(const std::vector<std::size_t>& printers, Farm& farm) {
  std::string text = "ok";
  for (const std::size_t index : printers) {
    Client& client = farm.client(index);
    text.append(" ").append(client.printer().identity().id);
    text.append(client.connection().online() ? ":online:" : ":offline:");
    text.append(PhaseWord(client.printer().phase()));
    text.append(":").append(client.printer().identity().firmware);
  }
  return text;
}

std::string RunVerb(const Verb& verb, const std::vector<std::size_t>& printers, const Words& words,
                    Farm& farm) {
  std::size_t done = 0;
  for (const std::size_t index : printers) {
    Client& client = farm.client(index);
    done += verb.run(client, words, farm.NowMs()) ? 1U : 0U;
    client.Settle(farm.NowMs());
    farm.Touch(index);
  }
  if (done == printers.size()) {
    return "ok " + std::to_string(done);
  }
  return "error: " + std::to_string(done) + " of " + std::to_string(printers.size());
}

}  // namespace

std::string RunControl(std::string_view line, Farm& farm) {
  std::istringstream stream{std::string(line)};
  std::string name;
  std::string target;
  stream >> name >> target;
  Words words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  if (name == "quit") {
    farm.Stop();
    return "ok";
  }
  if (name == "stats") {
    return "ok " + farm.Summary();
  }
  if (name == "help") {
    return Help();
  }
  const std::vector<std::size_t> printers = FindPrinters(target, farm);
  if (printers.empty()) {
    return "error: no printer \"" + target + "\"";
  }
  if (name == "state") {
    return State(printers, farm);
  }
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) {
      return words.size() < verb.words_min ? "error: " + std::string(verb.help)
                                           : RunVerb(verb, printers, words, farm);
    }
  }
  return "error: unknown word \"" + name + "\"; try help";
}

}  // namespace printfleet::simulator
