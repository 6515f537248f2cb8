#include "fleet/select.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "fleet/parse.h"
#include "protocol/topics.h"

namespace printfleet::fleet {
namespace {

using printer::Enrolment;

bool IsRetired(const printer::Printer& printer) {
  return printer.registration.enrolment == Enrolment::kRetired;
}

// Names of printers that are not retired, made once a selection.
class Names {
 public:
  explicit Names(const World& world) : world_(world) {
    world.printers.ForEach([this](const PrinterId& id, const printer::Printer& printer) {
      if (!IsRetired(printer)) {
        ids_.emplace(printer.registration.name, id);
      }
    });
  }

  // nullptr when neither an id nor a name.
  [[nodiscard]] const PrinterId* Find(const std::string& id_or_name) const {
    if (const printer::Printer* printer = world_.printers.Find(id_or_name)) {
      return &printer->registration.id;
    }
    const auto found = ids_.find(id_or_name);
    return found == ids_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] std::vector<std::string> all() const {
    std::vector<std::string> names;
    for (const auto& [name, id] : ids_) {
      names.push_back(name);
    }
    return names;
  }

 private:
  const World& world_;
  std::unordered_map<std::string, PrinterId> ids_;
};

constexpr size_t kHintNamesMax = 2000;

std::optional<Rejection> Resolve(const Names& names, const std::vector<std::string>& from,
                                 const char* member, std::set<PrinterId>& into) {
  std::string unknown;
  std::string path;
  for (size_t i = 0; i < from.size(); ++i) {
    const PrinterId* id = names.Find(from[i]);
    if (id != nullptr) {
      into.insert(*id);
    } else if (unknown.size() < 500) {
      unknown.append(unknown.empty() ? "" : ", ").append(PrintableText(from[i], 80));
      path = path.empty() ? std::string("target.") + member + "[" + std::to_string(i) + "]" : path;
    }
  }
  if (unknown.empty()) {
    return std::nullopt;
  }
  std::vector<std::string> known = names.all();
  const bool one = unknown.find(',') == std::string::npos;
  return Rejection{"unknown_printer",
                   path + ": no printer " + unknown +
                       (one && known.size() <= kHintNamesMax ? Hint(unknown, known) : ""),
                   path};
}

std::optional<Rejection> CheckModels(const World& world, const Rules& rules,
                                     const std::vector<std::string>& models) {
  if (models.empty()) {
    return std::nullopt;
  }
  std::set<std::string, std::less<>> known;
  for (const auto& [id, model] : rules.models.all()) {
    known.insert(id);
    known.insert(model.name);
  }
  world.printers.ForEach([&known](const PrinterId&, const printer::Printer& printer) {
    known.insert(printer.registration.model_id);
    known.insert(printer.registration.model);
  });
  for (size_t i = 0; i < models.size(); ++i) {
    if (!known.contains(models[i])) {
      return UnknownModel(rules, "target.models[" + std::to_string(i) + "]", models[i]);
    }
  }
  return std::nullopt;
}

bool FirmwareMatches(const std::string& expression, const std::string& firmware) {
  const size_t start = expression.find_first_not_of("<>=!");
  const std::string comparison = expression.substr(0, start);
  const std::optional<int> order =
      protocol::CompareVersions(firmware, std::string_view(expression).substr(start));
  if (!order) {
    return false;
  }
  if (comparison == "!=") {
    return *order != 0;
  }
  const bool equal = comparison.empty() || comparison.back() == '=';
  return (equal && *order == 0) || (comparison.starts_with('<') && *order < 0) ||
         (comparison.starts_with('>') && *order > 0);
}

template <typename T>
bool AnyOf(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool Matches(const Target& target, const printer::Printer& printer) {
  const printer::Registration& registration = printer.registration;
  if (IsRetired(printer) &&
      std::ranges::find(target.enrolment, Enrolment::kRetired) == target.enrolment.end()) {
    return false;
  }
  const bool model = target.models.empty() || AnyOf(target.models, registration.model) ||
                     AnyOf(target.models, registration.model_id);
  const bool group =
      target.groups.empty() || std::ranges::any_of(registration.groups, [&](const auto& name) {
        return AnyOf(target.groups, name);
      });
  const bool labels = std::ranges::all_of(target.labels, [&](const auto& label) {
    const auto found = registration.labels.find(label.first);
    return found != registration.labels.end() && found->second == label.second;
  });
  return model && group && labels && AnyOf(target.states, printer::EffectiveState(printer)) &&
         AnyOf(target.bed, registration.bed) && AnyOf(target.enrolment, registration.enrolment) &&
         (target.firmware.empty() || FirmwareMatches(target.firmware, registration.firmware));
}

}  // namespace

Rejection UnknownModel(const Rules& rules, const std::string& path, const std::string& model) {
  std::string list;
  for (const auto& [id, known] : rules.models.all()) {
    list.append(list.empty() ? "" : ", ").append(known.name);
  }
  return {"not_found",
          std::string(path)
              .append(": no model ")
              .append(PrintableText(model, 80))
              .append("; known: ")
              .append(list),
          path};
}

std::string TargetHash(std::vector<PrinterId> printers) {
  std::ranges::sort(printers);
  std::string text;
  for (const PrinterId& id : printers) {
    text.append(id).append("\n");
  }
  return Sha256Hex(text);
}

const printer::Printer* FindPrinter(const World& world, const std::string& id_or_name) {
  const Names names(world);
  const PrinterId* id = names.Find(id_or_name);
  return id == nullptr ? nullptr : world.printers.Find(*id);
}

std::variant<Selection, Rejection> Select(const World& world, const Rules& rules,
                                          const Target& target) {
  std::set<PrinterId> named;
  std::set<PrinterId> excluded;
  if (!target.printers.empty() || !target.exclude.empty()) {
    const Names names(world);
    if (auto rejected = Resolve(names, target.printers, "printers", named)) {
      return *rejected;
    }
    if (auto rejected = Resolve(names, target.exclude, "exclude", excluded)) {
      return *rejected;
    }
  }
  if (auto rejected = CheckModels(world, rules, target.models)) {
    return *rejected;
  }
  std::vector<std::pair<std::string, PrinterId>> matched;
  world.printers.ForEach([&](const PrinterId& id, const printer::Printer& printer) {
    const bool wanted = target.printers.empty() || named.contains(id);
    if (wanted && !excluded.contains(id) && Matches(target, printer)) {
      matched.emplace_back(printer.registration.name, id);
    }
  });
  std::ranges::sort(matched);
  size_t count = matched.size();
  if (target.percent) {
    const double share = std::ceil(static_cast<double>(count) * *target.percent / 100.0);
    count = std::min(count, static_cast<size_t>(share));
  }
  if (target.limit) {
    count = std::min(count, static_cast<size_t>(*target.limit));
  }
  Selection selection;
  for (size_t i = 0; i < count; ++i) {
    selection.printers.push_back(std::move(matched[i].second));
  }
  selection.target_hash = TargetHash(selection.printers);
  return selection;
}

}  // namespace printfleet::fleet
