#include "capture/sensitive.h"

#include <string>

#include "capture/characters.h"

namespace printfleet::capture {
namespace {

enum class Match { kWhole, kAnywhere, kEnd };

struct Rule {
  std::string_view name;  // lower case, letters and digits only
  Match match;
  Sensitivity sensitivity;
};

using enum Match;
using enum Sensitivity;

// The first that matches counts. Source of the wire's own: shared protocol dossier §3.7 (video), §4
// (login, union id), §6; the rest is what such members are commonly called.
constexpr Rule kRules[] = {
    {"region", kWhole, kSecret},
    {"secret", kAnywhere, kSecret},
    {"token", kAnywhere, kSecret},
    {"password", kAnywhere, kSecret},
    {"passwd", kAnywhere, kSecret},
    {"passphrase", kAnywhere, kSecret},
    {"pass", kWhole, kSecret},
    {"pwd", kEnd, kSecret},
    {"psk", kEnd, kSecret},
    {"key", kEnd, kSecret},
    {"credential", kAnywhere, kSecret},
    {"session", kAnywhere, kSecret},
    {"auth", kWhole, kSecret},
    {"authoriz", kAnywhere, kSecret},
    {"bearer", kWhole, kSecret},
    {"cookie", kEnd, kSecret},
    {"sign", kWhole, kSecret},
    {"sig", kWhole, kSecret},
    {"signature", kEnd, kSecret},
    {"user", kWhole, kSecret},
    {"username", kEnd, kSecret},
    {"userid", kEnd, kSecret},
    {"userinfo", kWhole, kSecret},
    {"useremail", kWhole, kSecret},
    {"uid", kWhole, kSecret},
    {"account", kAnywhere, kSecret},
    {"login", kWhole, kSecret},
    {"nickname", kEnd, kSecret},
    {"email", kEnd, kSecret},
    {"phone", kEnd, kSecret},
    {"ssid", kAnywhere, kAddress},
    {"wifiname", kWhole, kAddress},
    {"ip", kWhole, kAddress},
    {"ipaddr", kAnywhere, kAddress},
    {"ipv4", kAnywhere, kAddress},
    {"ipv6", kAnywhere, kAddress},
    {"localip", kWhole, kAddress},
    {"gateway", kEnd, kAddress},
    {"dns", kAnywhere, kAddress},
    {"mac", kWhole, kAddress},
    {"macaddr", kAnywhere, kAddress},
    {"host", kEnd, kAddress},
    {"hostname", kEnd, kAddress},
    {"domain", kWhole, kAddress},
    {"address", kEnd, kAddress},
    {"unionid", kEnd, kId},
    {"deviceid", kEnd, kId},
    {"deviceuuid", kEnd, kId},
    {"printerid", kEnd, kId},
    {"machineid", kEnd, kId},
    {"clientid", kEnd, kId},
    {"cpuid", kEnd, kId},
    {"sn", kWhole, kId},
    {"serial", kAnywhere, kId},
    {"filename", kEnd, kFile},
    {"filepath", kEnd, kFile},
    {"path", kWhole, kFile},
    {"dir", kWhole, kFile},
    {"md5", kEnd, kDigest},
    {"sha1", kEnd, kDigest},
    {"sha256", kEnd, kDigest},
    {"version", kAnywhere, kVersion},
};

bool Matches(const Rule& rule, std::string_view name) {
  switch (rule.match) {
    case kWhole:
      return name == rule.name;
    case kAnywhere:
      return name.find(rule.name) != std::string_view::npos;
    case kEnd:
      return name.ends_with(rule.name);
  }
  return false;
}

}  // namespace

Sensitivity SensitivityOf(std::string_view member) {
  std::string name;
  for (const char c : member) {
    if (IsLetter(c) || IsDigit(c)) {
      name += LowerOf(c);
    }
  }
  for (const Rule& rule : kRules) {
    if (Matches(rule, name)) {
      return rule.sensitivity;
    }
  }
  return kNone;
}

}  // namespace printfleet::capture
