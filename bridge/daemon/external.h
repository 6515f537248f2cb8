// Addresses of external services from the configuration: URL and password file.
#pragma once

#include <string>

#include "base/result.h"
#include "mqtt/address.h"
#include "settings/settings.h"

namespace printfleet::daemon {

// Errors: kInvalid when nobody has said that an external broker lets a user publish commands only
// under his own name: the daemon takes the topic's word for who the author is.
Status CheckTrust(const settings::Broker& broker);

// mqtt://[user@]host[:1883] or mqtts://[user@]host[:8883].
Result<mqtt::BrokerAddress> ExternalBroker(const settings::Broker& broker);

// postgresql://…, as libpq takes it, with the password of password_file as its parameter.
Result<std::string> ExternalConninfo(const settings::Database& database);
// The same of the owner of the tables. Requires: owner_url is given.
Result<std::string> ExternalOwnerConninfo(const settings::Database& database);

}  // namespace printfleet::daemon
