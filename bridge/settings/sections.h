// The sections of the configuration, each a function: reads every key, then validates what the
// keys mean together. Called by load.cc only.
#pragma once

#include "settings/reader.h"
#include "settings/settings.h"

namespace printfleet::settings {

void ReadBroker(Section section, Broker& broker);
void ReadDatabase(Section section, Database& database);
void ReadHttp(Section section, Http& http);
void ReadFleet(Section section, Fleet& fleet);
void ReadInbound(Section section, Inbound& inbound);
void ReadCommands(Section section, Commands& commands);
void ReadStore(Section section, Store& store);
void ReadSpool(Section section, Spool& spool);
void ReadLibrary(Section section, Library& library);
void ReadNotify(Section section, Notify& notify);
void ReadHomeAssistant(Section section, HomeAssistant& home_assistant);

// Why `root` cannot stand in front of topics of ours; empty when it can.
std::string TopicRootMistake(const std::string& root);

// An address to listen on: an IP address or a host name. A problem when it is neither.
void ReadAddress(Section& section, std::string& address);

// Reports a `key` of the other mode.
void RefuseOtherMode(const Section& section, Mode mode,
                     std::initializer_list<std::string_view> managed_only,
                     std::initializer_list<std::string_view> external_only);

// Reports a url that does not fit: other scheme, no host, or a password in it.
void CheckUrl(const Section& section, std::string_view key, const std::string& url,
              std::initializer_list<std::string_view> schemes);

}  // namespace printfleet::settings
