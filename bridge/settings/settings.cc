#include "settings/settings.h"

#include <arpa/inet.h>

#include <algorithm>

namespace printfleet::settings {

std::string_view Name(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

std::optional<Role> ParseRole(std::string_view text) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin}) {
    if (Name(role) == text) {
      return role;
    }
  }
  return std::nullopt;
}

bool IsLoopback(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6);
  }
  return text == "localhost";
}

Enrolment Settings::EffectiveEnrolment() const {
  if (fleet.enrolment) {
    return *fleet.enrolment;
  }
  const bool all_loopback =
      broker.mode == Mode::kManaged &&
      std::all_of(broker.listeners.begin(), broker.listeners.end(), [](const auto& listener) {
        return !listener.for_printers || IsLoopback(listener.address);
      });
  return all_loopback ? Enrolment::kAuto : Enrolment::kManual;
}

}  // namespace printfleet::settings
