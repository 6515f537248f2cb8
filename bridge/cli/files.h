// Parts of printfleet files: how files are shown, and where they are uploaded to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/render.h"
#include "cli/upload.h"
#include "settings/settings.h"

namespace printfleet::cli {

inline constexpr size_t kFileNameBytesMax = 300;

// Files of file.library.list, and all that is known of one. Pure.
std::string FilesTable(const std::vector<json::Value>& files, Style style);
std::string FileText(json::Value file);

// "1.2 MB"; "-" for nothing.
std::string SizeText(std::optional<int64_t> bytes);

// The base URL of the listener that serves files: the first on loopback, else the first. kInvalid:
// there is none, or its port is chosen at the start.
Result<std::string> FilesUrl(const settings::Settings& settings);

// What becomes of an answer to an upload: the exit code.
int ExitCodeOfUpload(int status);

// printfleet files add.
int UploadFiles(const FilesArguments& arguments);

}  // namespace printfleet::cli
