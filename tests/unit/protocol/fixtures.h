// The dossier's payload samples, as the tests of this layer read them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace printfleet::protocol {

struct Fixture {
  std::string file;  // without ".json"
  std::string topic;
  std::string payload;  // JSON text, or the source's own text where that is not JSON
};

// Every sample, sorted by file.
const std::vector<Fixture>& Fixtures();

// Requires: there is one.
const Fixture& FixtureNamed(std::string_view file);

// A request's members as "data.settings.z_comp" to the value's JSON, without msgid and timestamp;
// of a list's objects "data.records[].md5", the last one's.
std::map<std::string, std::string> RequestMembers(std::string_view text);

// A report or an acknowledgement: what a printer publishes.
bool IsReport(const Fixture& fixture);

// Where a printer of ours would publish it.
std::string PublicTopic(const Fixture& fixture);

}  // namespace printfleet::protocol
