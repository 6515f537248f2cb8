// The open ends of a plan.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "settings/settings.h"
#include "setup/init.h"
#include "setup/kobra_unleashed.h"

namespace printfleet::setup {

namespace {

constexpr uint16_t kTlsPort = 8883;
constexpr uint16_t kPlainPort = 1883;

std::string AddressText(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
  } else if (address->sa_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
    if (!IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) {
      inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

// "http://192.0.2.10:5000" -> "192.0.2.10".
std::string HostOf(const std::string& url) {
  const size_t begin = url.find("//");
  if (begin == std::string::npos) {
    return "";
  }
  const size_t end = url.find_first_of(":/", begin + 2);
  return url.substr(begin + 2, end == std::string::npos ? end : end - begin - 2);
}

bool IsWildcard(const std::string& address) {
  return address == "0.0.0.0" || address == "::";
}

Status SettleAddress(Plan& plan, const std::string& suggested) {
  const auto local = LocalAddresses();
  if (plan.printers_address.empty() &&
      std::find(local.begin(), local.end(), suggested) != local.end()) {
    plan.printers_address = suggested;
  }
  if (plan.printers_address.empty() && local.empty()) {
    return Error{Errc::kInvalid,
                 "this machine has no address but loopback: say --printers-address, where printers "
                 "reach it"};
  }
  if (plan.printers_address.empty()) {
    plan.printers_address = local.front();
  }
  if (plan.public_url.empty()) {
    std::string host = plan.printers_address;
    if (IsWildcard(host)) {
      host = local.empty() ? "127.0.0.1" : local.front();
    }
    host = host.find(':') == std::string::npos ? host : "[" + host + "]";
    plan.public_url = "http://" + host + ":" + std::to_string(plan.files_port);
  }
  return Ok{};
}

void SettlePorts(Plan& plan) {
  if (!plan.printers_port) {
    plan.printers_port = plan.plain ? kPlainPort : kTlsPort;
  }
  if (!plan.local_port) {
    plan.local_port = static_cast<uint16_t>(kPlainPort + (plan.printers_port == kPlainPort));
  }
}

std::string Absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

std::vector<std::string> LocalAddresses() {
  std::vector<std::string> four;
  std::vector<std::string> six;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, freeifaddrs);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    const std::string text = each->ifa_addr == nullptr ? "" : AddressText(each->ifa_addr);
    if (!text.empty() && !settings::IsLoopback(text)) {
      (text.find(':') == std::string::npos ? four : six).push_back(text);
    }
  }
  four.insert(four.end(), six.begin(), six.end());
  return four;
}

Result<Plan> Settle(Plan plan) {
  plan.config = Absolute(plan.config);
  plan.data_dir = Absolute(plan.data_dir);
  std::string suggested;
  if (!plan.kobra_unleashed.empty()) {
    if (plan.plain) {
      return Error{Errc::kInvalid,
                   "--from-kobra-unleashed is for TLS: --plain does not go with it"};
    }
    plan.kobra_unleashed = Absolute(plan.kobra_unleashed);
    const auto found = ReadKobraUnleashed(plan.kobra_unleashed);
    if (!found.ok()) {
      return found.error();
    }
    suggested = HostOf(found->root_url);
    if (!plan.printers_port) {
      plan.printers_port = found->port;
    }
  }
  SettlePorts(plan);
  if (Status address = SettleAddress(plan, suggested); !address.ok()) {
    return address.error();
  }
  return plan;
}

}  // namespace printfleet::setup
