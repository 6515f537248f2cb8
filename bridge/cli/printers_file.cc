#include "cli/printers_file.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace printfleet::cli {
namespace {

using settings::Place;
using settings::Problem;
using settings::Section;

constexpr settings::YamlLimits kLimits{size_t{32} << 20, 2'000'000};  // 100,000 printers

std::string Joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const auto& each : texts) {
    text += (text.empty() ? "" : ", ") + each;
  }
  return text;
}

std::string Joined(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += (text.empty() ? "" : ", ") + name + "=" + value;
  }
  return text;
}

std::vector<std::string> Sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::string TextOf(json::Value value) {
  return std::string(value.String().value_or(""));
}

// A text or null of the file as an optional.
void ReadNullable(Section& section, std::string_view key, std::optional<std::string>& out) {
  std::string text;
  section.NullableText(key, text);
  if (section.Has(key)) {
    out = text;
  }
}

WantedPrinter ReadWanted(Section& section) {
  WantedPrinter printer;
  section.Text("id", printer.id);
  section.Text("model", printer.model);
  section.Text("name", printer.name);
  std::vector<std::string> groups;
  section.TextList("groups", groups);
  std::map<std::string, std::string> labels;
  section.TextMap("labels", labels);
  if (section.Has("groups")) {
    printer.groups = Sorted(std::move(groups));
  }
  if (section.Has("labels")) {
    printer.labels = std::move(labels);
  }
  ReadNullable(section, "maintenance", printer.maintenance);
  ReadNullable(section, "topic_form", printer.topic_form);
  ReadNullable(section, "note", printer.note);
  const std::string form = printer.topic_form.value_or("");
  if (!form.empty() && form != "short" && form != "long") {
    section.Error("topic_form", "expected short, long or null");
  }
  if (!section.Has("id") && !section.Has("name")) {
    section.Error("", "says neither id nor name: which printer is it?");
  }
  printer.place = section.PlaceOf(section.Has("id") ? "id" : "name");
  printer.name_place = section.PlaceOf("name");
  printer.model_place = section.PlaceOf("model");
  return printer;
}

// Notes that `key` was here before.
void CheckOnce(std::map<std::string, Place>& before, const std::string& key, std::string_view what,
               Place place, const std::string& file, std::vector<Problem>& problems) {
  if (key.empty()) {
    return;
  }
  const auto [found, fresh] = before.emplace(key, place);
  if (!fresh) {
    problems.push_back({file, place.line, place.column,
                        std::string(what) + ": \"" + PrintableText(key, 80) +
                            "\" is here twice: first in line " + std::to_string(found->second.line),
                        false});
  }
}

// Writes one printer.set: its args and what people read.
class Setter {
 public:
  Setter() { args_.BeginObject(); }

  void SetText(const char* name, const std::string& old, const std::string& wanted) {
    if (old == wanted) {
      return;
    }
    Say(name, old, wanted);
    if (wanted.empty()) {
      args_.Key(name).Null();
    } else {
      args_.Member(name, wanted);
    }
  }

  void SetGroups(const std::vector<std::string>& old, const std::vector<std::string>& wanted) {
    if (old == wanted) {
      return;
    }
    Say("groups", Joined(old), Joined(wanted));
    args_.Key("groups").BeginArray();
    for (const auto& group : wanted) {
      args_.String(group);
    }
    args_.EndArray();
  }

  // printer.set adds labels; null takes one away.
  void SetLabels(const std::map<std::string, std::string>& old,
                 const std::map<std::string, std::string>& wanted) {
    if (old == wanted) {
      return;
    }
    Say("labels", Joined(old), Joined(wanted));
    args_.Key("labels").BeginObject();
    for (const auto& [name, value] : wanted) {
      const auto before = old.find(name);
      if (before == old.end() || before->second != value) {
        args_.Member(name, value);
      }
    }
    for (const auto& [name, value] : old) {
      if (wanted.find(name) == wanted.end()) {
        args_.Key(name).Null();
      }
    }
    args_.EndObject();
  }

  Change Take(const KnownPrinter& printer) {
    args_.EndObject();
    return {printer.id, printer.name, args_.Take(), std::move(lines_)};
  }

 private:
  void Say(const std::string& name, const std::string& old, const std::string& wanted) {
    const auto shown = [](const std::string& text) {
      return text.empty() ? std::string("(none)") : PrintableText(text, 200);
    };
    lines_.push_back(name + ": " + shown(old) + " -> " + shown(wanted));
  }

  json::Writer args_;
  std::vector<std::string> lines_;
};

Change ChangeOf(const WantedPrinter& wanted, const KnownPrinter& known) {
  Setter setter;
  setter.SetText("name", known.name, wanted.name.empty() ? known.name : wanted.name);
  setter.SetGroups(known.groups, wanted.groups.value_or(known.groups));
  setter.SetLabels(known.labels, wanted.labels.value_or(known.labels));
  setter.SetText("maintenance", known.maintenance, wanted.maintenance.value_or(known.maintenance));
  setter.SetText("topic_form", known.topic_form, wanted.topic_form.value_or(known.topic_form));
  setter.SetText("note", known.note, wanted.note.value_or(known.note));
  return setter.Take(known);
}

// A change beside what it needs for its turn.
struct Pending {
  Change change;
  const WantedPrinter* wanted;
};

// Names are unique at every moment: who takes one comes behind who gives it away.
void PutInOrder(std::vector<Pending> pending, std::map<std::string, std::string> owners,
                const std::string& file, ChangePlan& plan, std::vector<Problem>& problems) {
  const auto is_free = [&owners](const Pending& each) {
    const auto owner = owners.find(each.wanted->name);
    return each.wanted->name.empty() || owner == owners.end() ||
           owner->second == each.change.printer_id;
  };
  for (bool progress = true; progress && !pending.empty();) {
    progress = false;
    std::vector<Pending> blocked;
    for (Pending& each : pending) {
      if (!is_free(each)) {
        blocked.push_back(std::move(each));
        continue;
      }
      progress = true;
      if (!each.wanted->name.empty()) {
        owners.erase(each.change.name);
        owners[each.wanted->name] = each.change.printer_id;
      }
      plan.changes.push_back(std::move(each.change));
    }
    pending = std::move(blocked);
  }
  for (const Pending& each : pending) {
    const Place place = each.wanted->name_place;
    problems.push_back({file, place.line, place.column,
                        "name: \"" + PrintableText(each.wanted->name, 80) +
                            "\" is the name of printer " + owners[each.wanted->name] +
                            ", which does not give it away before; rename that one first",
                        false});
  }
}

bool IsPlainWord(const std::string& text) {
  constexpr std::array<std::string_view, 9> kReserved = {"null", "true", "false", "yes", "no",
                                                         "on",   "off",  "y",     "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) {
                       return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                              c == '.';
                     }) &&
         std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end();
}

// A text as YAML; in quotes, which are JSON's, unless it can be nothing else than a text.
std::string YamlText(const std::string& text) {
  if (IsPlainWord(text)) {
    return text;
  }
  json::Writer out;
  out.String(text);
  return out.Take();
}

std::string YamlNullable(const std::string& text) {
  return text.empty() ? "null" : YamlText(text);
}

}  // namespace

KnownPrinter ReadKnown(json::Value state) {
  KnownPrinter printer;
  printer.id = TextOf(state["printer_id"]);
  printer.name = TextOf(state["name"]);
  printer.model = TextOf(state["model"]);
  printer.model_id = TextOf(state["model_id"]);
  const json::Value groups = state["groups"];
  for (size_t i = 0; i < groups.size(); ++i) {
    printer.groups.push_back(TextOf(groups.at(i)));
  }
  printer.groups = Sorted(std::move(printer.groups));
  const json::Value labels = state["labels"];
  for (size_t i = 0; i < labels.size(); ++i) {
    printer.labels[std::string(labels.member_name(i))] = TextOf(labels.member_value(i));
  }
  printer.maintenance = TextOf(state["maintenance"]);
  printer.topic_form = TextOf(state["topic_form"]);
  printer.note = TextOf(state["note"]);
  return printer;
}

std::vector<WantedPrinter> ReadPrintersFile(const std::string& text, const std::string& file,
                                            std::vector<Problem>& problems) {
  std::vector<WantedPrinter> printers;
  settings::ReadListFile(
      text, file, "printers",
      [&](Section section) {
        printers.push_back(ReadWanted(section));
        section.Finish();
      },
      problems, kLimits);
  std::map<std::string, Place> ids;
  std::map<std::string, Place> names;
  for (const auto& printer : printers) {
    CheckOnce(ids, printer.id, "id", printer.place, file, problems);
    CheckOnce(names, printer.name, "name", printer.name_place, file, problems);
  }
  settings::SortByPlace(problems);
  return printers;
}

ChangePlan PlanChanges(const std::vector<WantedPrinter>& wanted,
                       const std::vector<KnownPrinter>& known, const std::string& file,
                       std::vector<Problem>& problems) {
  ChangePlan plan;
  std::map<std::string, const KnownPrinter*> by_id;
  std::map<std::string, std::string> owners;  // of names
  for (const auto& printer : known) {
    by_id[printer.id] = &printer;
    owners[printer.name] = printer.id;
  }
  std::vector<Pending> pending;
  for (const auto& each : wanted) {
    const auto owner = owners.find(each.name);
    const std::string id = !each.id.empty() ? each.id : owner != owners.end() ? owner->second : "";
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      plan.unknown.push_back(
          {file, each.place.line, each.place.column,
           "no printer " + PrintableText(each.id.empty() ? each.name : each.id, 80), false});
      continue;
    }
    const KnownPrinter& printer = *found->second;
    if (!each.model.empty() && each.model != printer.model && each.model != printer.model_id) {
      problems.push_back({file, each.model_place.line, each.model_place.column,
                          "model: " + PrintableText(printer.name, 80) + " is a " + printer.model +
                              ", and that cannot be changed: is it another printer?",
                          false});
    }
    Change change = ChangeOf(each, printer);
    if (change.lines.empty()) {
      ++plan.unchanged;
    } else {
      pending.push_back({std::move(change), &each});
    }
  }
  PutInOrder(std::move(pending), std::move(owners), file, plan, problems);
  settings::SortByPlace(problems);
  return plan;
}

std::string PrintersFileText(std::vector<KnownPrinter> printers) {
  std::sort(printers.begin(), printers.end(), [](const auto& one, const auto& other) {
    return std::tie(one.name, one.id) < std::tie(other.name, other.id);
  });
  std::string text =
      "# The printers of a fleet, by `printfleet printers export`. `printfleet printers import "
      "FILE`\n"
      "# shows what a changed copy would change, asks, and does it.\n"
      "printers:\n";
  for (const auto& printer : printers) {
    std::string groups;
    for (const auto& group : printer.groups) {
      groups += (groups.empty() ? "" : ", ") + YamlText(group);
    }
    std::string labels;
    for (const auto& [name, value] : printer.labels) {
      labels += (labels.empty() ? "" : ", ") + YamlText(name) + ": " + YamlText(value);
    }
    text += "  - id: " + YamlText(printer.id) + "\n    model: " + YamlText(printer.model) +
            "\n    name: " + YamlText(printer.name) + "\n    groups: [" + groups +
            "]\n    labels: {" + labels +
            "}\n    maintenance: " + YamlNullable(printer.maintenance) +
            "\n    topic_form: " + YamlNullable(printer.topic_form) +
            "\n    note: " + YamlNullable(printer.note) + "\n";
  }
  return printers.empty() ? text + "  []\n" : text;
}

}  // namespace printfleet::cli
