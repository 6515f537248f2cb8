#include "bench/simulator/identity.h"

#include <charconv>

#include "bench/simulator/random.h"

namespace printfleet::simulator {
namespace {

constexpr std::size_t kIdLength = 32;
constexpr std::size_t kPrefixMax = 24;

std::string Base64OfRandomBytes(Random& random, std::size_t bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(bytes / 3 * 4 + 4, '=');
  for (std::size_t i = 0; i < text.size() - 2; ++i) {
    text[i] = kAlphabet[random.Next() & 63U];
  }
  return text;
}

// Takes one number off the front of a dotted version; 0 when there is none.
int TakeNumber(std::string_view& version) {
  const std::size_t dot = version.find('.');
  const std::string_view part = version.substr(0, dot);
  int number = 0;
  std::from_chars(part.data(), part.data() + part.size(), number);
  version = dot == std::string_view::npos ? std::string_view() : version.substr(dot + 1);
  return number;
}

}  // namespace

const std::vector<Model>& Models() {
  static const std::vector<Model> kModels = {
      {"K2Pro", "20021"}, {"K2Plus", "20022"}, {"K2Max", "20023"}};
  return kModels;
}

std::optional<Model> FindModel(std::string_view text) {
  for (const Model& model : Models()) {
    if (text == model.name || text == model.id) {
      return model;
    }
  }
  return std::nullopt;
}

Identity MakeIdentity(const IdentityOptions& options) {
  Random random(Mix(options.seed) ^ Mix(options.index + 0x5eed));
  Identity identity;
  identity.id = options.id_prefix.substr(0, kPrefixMax);
  identity.id += random.Hex(kIdLength - identity.id.size());
  identity.model = options.model;
  identity.firmware = options.firmware;
  identity.machine_version = "1.1.0";
  identity.user_name = "dev|fdm|" + options.model.id + "|" + random.Hex(kIdLength);
  identity.password = Base64OfRandomBytes(random, 256);
  return identity;
}

int CompareVersions(std::string_view left, std::string_view right) {
  while (!left.empty() || !right.empty()) {
    const int a = TakeNumber(left);
    const int b = TakeNumber(right);
    if (a != b) {
      return a < b ? -1 : 1;
    }
  }
  return 0;
}

bool UsesShortTopics(std::string_view firmware) {
  return CompareVersions(firmware, "3.1.0") >= 0;
}

std::string PublicTopic(const Identity& identity, std::string_view tail) {
  std::string topic = "anycubic/anycubicCloud/v1/printer/public/";
  topic.append(identity.model.id).append("/").append(identity.id).append("/").append(tail);
  return topic;
}

std::vector<std::string> RequestFilters(const Identity& identity, bool overlapping) {
  const std::string tail = "/printer/" + identity.model.id + "/" + identity.id + "/";
  std::vector<std::string> filters = {"anycubic/anycubicCloud/v1/+" + tail + "#"};
  if (overlapping) {
    // As the newer models do. Source: protocol.md §1 (MqttTopicBuilder.cpp, cloud2lan-bridge.py).
    for (const char* type : {"print", "file", "ota"}) {
      filters.push_back("anycubic/anycubicCloud/v1/+" + tail + type);
    }
    filters.push_back("anycubic/anycubicCloud/v1/server" + tail + "status");
    filters.push_back("anycubic/anycubicCloud/v1/server" + tail + "#");
  }
  return filters;
}

}  // namespace printfleet::simulator
