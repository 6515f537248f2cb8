// A printer at its beginning.
#include "base/text.h"
#include "printer/printer.h"

namespace printfleet::printer {
namespace {

constexpr size_t kIdInName = 8;     // characters of the id
constexpr size_t kIdBytesMax = 32;  // of those, cleaned

}  // namespace

Printer NewPrinter(const PrinterId& id, std::string_view model_id, std::string_view model,
                   WallTime now) {
  Printer printer;
  Registration& registration = printer.registration;
  registration.id = id;
  registration.model_id = model_id;
  registration.model = model;
  registration.name = DefaultName(registration);
  registration.first_seen_at = now;
  printer.state_since = now;
  return printer;
}

std::string DefaultName(const Registration& registration) {
  return registration.model + "-" + CleanText(registration.id.substr(0, kIdInName), kIdBytesMax);
}

}  // namespace printfleet::printer
