// Artifact: a file of the library, as core knows it. Its bytes lie on disk (library/); what is
// decided about it is decided here. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/time.h"
#include "fleet/command.h"
#include "fleet/request.h"
#include "fleet/turn.h"

namespace printfleet::fleet {

// The artifact of this name or sha256; nullptr when the library has none.
const Artifact* FindArtifact(const World& world, std::string_view text);

// Puts the artifact that the arguments name into the request, and its sha256 into the arguments
// that are stored: the same name may be another file tomorrow. nullopt also where none is named.
std::optional<Rejection> TakeArtifact(const World& world, Request& request);

// Is `printer_model`, as a slicer writes it ("Anycubic Kobra 2 Pro 0.4 nozzle"), a model of
// models.yaml? Its id, or "".
std::string ModelIdOf(const settings::ModelRegistry& models, std::string_view printer_model);

// {"artifact_id":…,"name":…}: as file.library.list and .get show it.
std::string ArtifactJson(const Artifact& artifact);

// The secret part of the address of one attempt's file: nobody can guess it, and a daemon that was
// restarted makes the same. 32 hex digits.
std::string FileToken(const FileAccess& access, const ExecutionKey& key, int attempt);

// The address itself.
std::string FileUrl(const FileAccess& access, const std::string& token, std::string_view filename);

// Files in the library at most.
constexpr size_t kArtifactsMax = 10000;

// A file has been stored on disk: it gets its row, or is the one that is there under its name
// already. Another file of that name gives way to it. `artifact` has no id, no model_id and no
// added_at yet.
std::variant<Artifact, Rejection> HandleFileStored(World& world, const Rules& rules,
                                                   Artifact artifact, const Instant& now,
                                                   Output& output);

// file.library.list and file.library.get, from memory.
void HandleLibraryQuestion(Turn& turn, const Request& request);

// file.library.remove.
void RemoveArtifact(Turn& turn, const Request& request);

}  // namespace printfleet::fleet
