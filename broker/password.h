// Passwords in Mosquitto 2.0's own form; by libcrypto, never by a program's
// arguments.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/load.h"

namespace printfleet::broker {

// What one login may cost: the broker's only thread hashes at every CONNECT. 10,000 rounds of
// PBKDF2-SHA512 take it about 10 ms.
inline constexpr int kPersonIterations = 10000;
// For 128-bit random secrets nothing is gained by more.
inline constexpr int kSecretIterations = 101;
inline constexpr int kIterationsMax = 1000000;

// "$7$iterations$base64(salt)$base64(hash)": PBKDF2-SHA512, 12 random salt bytes, 64 hash bytes.
// Requires: 0 < iterations <= kIterationsMax.
Result<std::string> HashPassword(std::string_view password, int iterations = kPersonIterations);

// Whether `password` is the one `hash` was made of. kMalformed for text that is no "$7$" hash.
Result<bool> VerifyPassword(std::string_view password, std::string_view hash);

// A user name that can stand in a password file and, by %u, in a topic: 1 to 64 of A-Z a-z 0-9
// "." "_" "-" "@", not "local" (the open listener's author) and not the daemon's own.
Status CheckUserName(std::string_view name);

// A password_file: "name:hash" lines. kInvalid names the first user whose name or hash cannot
// stand in one.
Result<std::string> PasswordFileText(const settings::Users& users);

}  // namespace printfleet::broker
