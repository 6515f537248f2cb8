// From words on the command line to a request on the fleet command topic. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/command_help.h"

namespace printfleet::cli {

struct RequestOptions {
  bool dry_run = false;
  std::optional<int64_t> timeout_s;
  std::string on_offline;
  std::optional<int64_t> max_in_flight;
  std::optional<int64_t> interval_ms;
  std::optional<int64_t> heating_limit;
  std::optional<int64_t> first;
  std::string expires_at;  // ISO 8601
  std::string if_matched;
};

using FileReader = std::function<Result<std::string>(const std::string& file)>;

// "key=value" words as a JSON object. A value is JSON where it parses as such (60, true, "x",
// [1,2]), else text; an argument that `help` knows as text stays text. "a.b=1" is {"a":{"b":1}};
// "key=@file" is the file's content without its last line end. `help` may be nullptr.
// kInvalid: no "=", a key twice or both a value and an object, a secret that is no "@file".
Result<std::string> ArgsJson(const std::vector<std::string>& words, const CommandHelp* help,
                             const FileReader& read_file);

// A text as JSON.
std::string Quoted(std::string_view text);

// The request's `target`; "{}" when nothing is selected. kInvalid: a label without "=".
Result<std::string> TargetJson(const Selectors& selectors);

std::string RequestJson(const std::string& id, const std::string& command,
                        const std::string& target_json, const std::string& args_json,
                        const RequestOptions& options);

// A UUID, version 4, of 16 random bytes.
std::string UuidText(const std::string& random_bytes);

// A fresh one; randomness is the kernel's.
std::string NewUuid();

bool IsUuid(const std::string& text);

}  // namespace printfleet::cli
