// The farm's authority as files: ca.crt and, beside it, ca.key. Issues printers' certificates.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/certificates.h"
#include "settings/settings.h"

namespace printfleet::setup {

// The authority's certificate of a configuration: tls.ca_file of its first listener for printers
// that has one. kNotFound without.
Result<std::string> AuthorityFile(const settings::Settings& settings);

// ca_file's name with .key for its extension: where init keeps the key.
std::string KeyFileOf(const std::string& ca_file);

// kNotFound where the key is kept elsewhere.
Result<broker::Credentials> LoadAuthority(const std::string& ca_file);

// Letters, digits, "-" and "_", 1 to 64: what can be a level of topics and a file's name.
Status CheckPrinterId(const std::string& printer_id);

// ca.crt, client.crt and client.key for this printer, as it wants them in /user/, in a folder of
// its own: their paths. kConflict when one is there and `overwrite` is not given.
Result<std::vector<std::string>> IssueForPrinter(const std::string& ca_file,
                                                 const std::string& printer_id,
                                                 const std::string& directory, bool overwrite,
                                                 WallTime now);

}  // namespace printfleet::setup
