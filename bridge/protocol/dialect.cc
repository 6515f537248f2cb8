#include "protocol/dialect.h"

#include <array>

namespace printfleet::protocol {
namespace {

constexpr double kMinuteS = 60;

// Kobra 2 Pro, Plus, Max (float minutes), Kobra 3, S1, X (int minutes): all in minutes and mm.
constexpr Dialect kFilament{.job_time_unit_s = kMinuteS, .material_in_mm = true};

// Resin printers say minutes or seconds and mL; of others nothing is known.
constexpr Dialect kUnknown{};

constexpr std::array<std::string_view, 12> kFilamentModels{"20021", "20022", "20023", "20024",
                                                           "20025", "20026", "20027", "20028",
                                                           "20029", "20030", "20031", "20032"};

}  // namespace

const Dialect& DialectOf(std::string_view model_id, const Dialects& registered) {
  if (const auto found = registered.find(model_id); found != registered.end()) {
    return found->second;
  }
  for (const std::string_view model : kFilamentModels) {
    if (model == model_id) {
      return kFilament;
    }
  }
  return kUnknown;
}

}  // namespace printfleet::protocol
