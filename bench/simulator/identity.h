// Who a simulated printer is: model, id, firmware, the vendor's kind of login, and its topics.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace printfleet::simulator {

struct Model {
  std::string name;  // K2Pro
  std::string id;    // 20021, the model segment of every topic
};

// The three models of the Kobra 2 family, in the order of their ids.
const std::vector<Model>& Models();

// By name or by id; nothing for any other text.
std::optional<Model> FindModel(std::string_view text);

struct Identity {
  std::string id;  // 32 hexadecimal digits: client id and id segment
  Model model;
  std::string firmware;
  std::string machine_version;
  std::string user_name;  // dev|fdm|<model>|<32 hex>
  std::string password;   // 344 characters of base64, as RSA-2048 gives
};

struct IdentityOptions {
  std::uint64_t seed = 1;
  std::uint64_t index = 0;
  std::string id_prefix;  // at most 24 characters; replaces the id's first ones
  Model model;
  std::string firmware;
};

// Same options, same identity.
Identity MakeIdentity(const IdentityOptions& options);

// Dotted numbers compared number by number ("3.0.10" is before "3.1.0"); <0, 0 or >0.
int CompareVersions(std::string_view left, std::string_view right);

// Firmware from 3.1.0 on listens to .../<ID>/<type>, older to .../<ID>/<type>/<action> only.
bool UsesShortTopics(std::string_view firmware);

// anycubic/anycubicCloud/v1/printer/public/<MODEL>/<ID>/<tail>
std::string PublicTopic(const Identity& identity, std::string_view tail);

// What the printer subscribes to; with `overlapping`, more than one filter matches a request.
std::vector<std::string> RequestFilters(const Identity& identity, bool overlapping);

}  // namespace printfleet::simulator
