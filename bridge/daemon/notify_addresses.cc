#include "daemon/notify_addresses.h"

#include <ctime>

#include "daemon/files.h"
#include "settings/url.h"

namespace printfleet::daemon {
namespace {

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

Result<notify::Address> NotifyAddress(const settings::NotifyTarget& target) {
  const std::string where = "notify.targets, " + target.name + ", ";
  notify::Address address;
  address.target = target.name;
  address.form = target.form;
  address.timeout = target.timeout;
  address.url = target.url;
  if (!target.url_file.empty()) {
    auto text = ReadFile(target.url_file);
    if (!text.ok()) {
      return text.error().Within(where + "url_file");
    }
    address.url = Trimmed(*std::move(text));
    if (const Status usable = settings::CheckNotifyUrl(address.url); !usable.ok()) {
      return usable.error().Within(where + "url_file");
    }
  }
  if (!target.headers_file.empty()) {
    const auto text = ReadFile(target.headers_file);
    if (!text.ok()) {
      return text.error().Within(where + "headers_file");
    }
    auto headers = notify::ParseHeaders(*text);
    if (!headers.ok()) {
      return headers.error().Within(where + "headers_file");
    }
    address.headers = *std::move(headers);
  }
  return address;
}

Result<std::vector<notify::Address>> NotifyAddresses(const settings::Notify& notify) {
  std::vector<notify::Address> addresses;
  for (const settings::NotifyTarget& target : notify.targets) {
    auto address = NotifyAddress(target);
    if (!address.ok()) {
      return address.error();
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

seconds UtcOffset(WallTime now) {
  const std::time_t at = std::chrono::floor<seconds>(now).time_since_epoch().count();
  std::tm local{};
  return ::localtime_r(&at, &local) != nullptr ? seconds(local.tm_gmtoff) : seconds(0);
}

}  // namespace printfleet::daemon
