#include "fleet/artifact.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/text.h"
#include "fleet/plan.h"

namespace printfleet::fleet {
namespace {

constexpr size_t kTokenDigits = 32;
constexpr int64_t kPageDefault = 100;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// "Anycubic Kobra 2 Pro 0.4 nozzle" begins with "Anycubic Kobra 2 Pro", and not with "… Kobra 2 P".
bool BeginsWithName(const std::string& text, const std::string& name) {
  return !name.empty() && text.starts_with(name) &&
         (text.size() == name.size() || text[name.size()] == ' ' || text[name.size()] == '_' ||
          text[name.size()] == '-');
}

bool IsUsed(const World& world, const Artifact& artifact) {
  bool used = false;
  world.commands.ForEach([&](const CommandId&, const Command& command) {
    used = used || (command.state == CommandState::kAccepted && command.request.artifact &&
                    command.request.artifact->sha256 == artifact.sha256);
  });
  return used;
}

void Happen(std::string_view kind, const Artifact& artifact, std::string_view author,
            Output& output) {
  json::Writer body;
  body.BeginObject()
      .Member("artifact_id", artifact.id.value)
      .Member("name", artifact.name)
      .Member("sha256", artifact.sha256)
      .Member("author", author)
      .EndObject();
  output.happenings.push_back({std::string(kind), "", body.Take()});
}

void Remove(World& world, const Artifact& artifact, std::string_view author, const Instant& now,
            Output& output) {
  Artifact removed = artifact;
  removed.removed_at = now.wall;
  world.artifacts.Erase(removed.id);
  Happen("artifact_removed", removed, author, output);
  output.artifacts.push_back(std::move(removed));
}

const Artifact* FindByName(const World& world, std::string_view name) {
  const Artifact* found = nullptr;
  world.artifacts.ForEach([&](const ArtifactId&, const Artifact& artifact) {
    found = artifact.name == name ? &artifact : found;
  });
  return found;
}

std::optional<std::string> TextOrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void ListLibrary(Turn& turn, const Request& request) {
  const int64_t* limit = request.args.Get<int64_t>("limit");
  const int64_t* after = request.args.Get<int64_t>("after");
  const std::string* part = request.args.Get<std::string>("name");
  std::vector<const Artifact*> found;
  turn.world.artifacts.ForEach([&](const ArtifactId& id, const Artifact& artifact) {
    if ((after == nullptr || id.value < *after) &&
        (part == nullptr || Lower(artifact.name).find(Lower(*part)) != std::string::npos)) {
      found.push_back(&artifact);
    }
  });
  std::ranges::sort(found, [](const Artifact* a, const Artifact* b) { return a->id > b->id; });
  const auto most = static_cast<size_t>(limit != nullptr ? *limit : kPageDefault);
  std::vector<std::string> rows;
  for (const Artifact* artifact : found) {
    if (rows.size() < most) {
      rows.push_back(ArtifactJson(*artifact));
    }
  }
  std::string list;
  const size_t taken = ListJson("files", rows, list);
  const bool more = taken > 0 && taken < found.size();
  RespondResult(request.reply_to, request.id,
                "{\"files\":[" + list + "],\"after\":" +
                    (more ? std::to_string(found[taken - 1]->id.value) : "null") + "}",
                turn.now, turn.output);
}

Rejection NotFound(std::string_view text) {
  return {"not_found",
          "args.artifact: the library has no file " + std::string(text) +
              "; file.library.list shows them",
          "args.artifact"};
}

}  // namespace

const Artifact* FindArtifact(const World& world, std::string_view text) {
  if (const Artifact* by_name = FindByName(world, text)) {
    return by_name;
  }
  const Artifact* by_digest = nullptr;
  world.artifacts.ForEach([&](const ArtifactId& id, const Artifact& artifact) {
    // Of two names of one file the later, so that it is always the same.
    if (artifact.sha256 == text && (by_digest == nullptr || by_digest->id < id)) {
      by_digest = &artifact;
    }
  });
  return by_digest;
}

std::optional<Rejection> TakeArtifact(const World& world, Request& request) {
  const std::string text = *request.args.Get<std::string>("artifact");
  const Artifact* artifact = FindArtifact(world, text);
  if (artifact == nullptr) {
    return NotFound(text);
  }
  if (world.files.base_url.empty()) {
    return Rejection{"unsupported",
                     "args.artifact: printers cannot fetch files: http.public_url is not set",
                     "args.artifact"};
  }
  request.artifact = std::make_shared<const Artifact>(*artifact);
  request.args.Set("artifact", artifact->sha256);
  json::Parser parser;
  const auto args = parser.Parse(request.args_json, {request.args_json.size(), 64});
  json::Writer writer;
  writer.BeginObject();
  for (size_t i = 0; args.ok() && i < args->size(); ++i) {
    writer.Key(args->member_name(i));
    if (args->member_name(i) == "artifact") {
      writer.String(artifact->sha256);
    } else {
      writer.Raw(args->member_value(i).Text());
    }
  }
  request.args_json = writer.EndObject().Take();
  return std::nullopt;
}

std::string ModelIdOf(const settings::ModelRegistry& models, std::string_view printer_model) {
  const std::string text = Lower(printer_model);
  std::string best;
  size_t length = 0;
  for (const auto& [id, model] : models.all()) {
    std::vector<std::string> names = model.slicer_names;
    names.push_back(model.name);
    names.push_back(model.title);
    for (const std::string& name : names) {
      if (name.size() > length && BeginsWithName(text, Lower(name))) {
        best = id;
        length = name.size();
      }
    }
  }
  return best;
}

std::string ArtifactJson(const Artifact& artifact) {
  json::Writer writer;
  writer.BeginObject()
      .Member("artifact_id", artifact.id.value)
      .Member("kind", artifact.kind)
      .Member("name", artifact.name)
      .Member("sha256", artifact.sha256)
      .Member("md5", artifact.md5)
      .Member("size_bytes", artifact.size_bytes)
      .Member("slicer", TextOrNull(artifact.slicer))
      .Member("model", TextOrNull(artifact.model))
      .Member("model_id", TextOrNull(artifact.model_id))
      .Member("estimated_s", artifact.estimated_s)
      .Member("material", TextOrNull(artifact.material))
      .Member("filament_mm", artifact.filament_mm)
      .Member("filament_g", artifact.filament_g)
      .Member("layers", artifact.layers)
      .Member("has_thumbnail", !artifact.thumbnail_type.empty())
      .Member("added_by", artifact.added_by)
      .Member("added_at", FormatIso8601(artifact.added_at))
      .EndObject();
  return writer.Take();
}

std::string FileToken(const FileAccess& access, const ExecutionKey& key, int attempt) {
  return HmacSha256Hex(access.secret, "file/" + std::to_string(key.command_id.value) + "/" +
                                          key.printer_id + "/" + std::to_string(attempt))
      .substr(0, kTokenDigits);
}

std::string FileUrl(const FileAccess& access, const std::string& token, std::string_view filename) {
  return access.base_url + "/files/" + token + "/" + PercentEncoded(filename);
}

std::variant<Artifact, Rejection> HandleFileStored(World& world, const Rules& rules,
                                                   Artifact artifact, const Instant& now,
                                                   Output& output) {
  const auto audit = [&](std::string outcome) {
    json::Writer args;
    args.BeginObject()
        .Member("name", artifact.name)
        .Member("sha256", artifact.sha256)
        .Member("size_bytes", artifact.size_bytes)
        .EndObject();
    output.audit.push_back(
        {now.wall, artifact.added_by, "", "file.library.add", "", args.Take(), std::move(outcome)});
  };
  const Artifact* there = FindByName(world, artifact.name);
  if (there != nullptr && there->sha256 == artifact.sha256) {
    audit("repeated");
    return *there;
  }
  size_t count = 0;
  world.artifacts.ForEach([&count](const ArtifactId&, const Artifact&) { ++count; });
  if (there == nullptr && count >= kArtifactsMax) {
    audit("rejected(too_many)");
    return Rejection{"too_many",
                     "the library holds " + std::to_string(kArtifactsMax) +
                         " files; remove some (file.library.remove)",
                     ""};
  }
  if (there != nullptr) {
    Remove(world, Artifact(*there), artifact.added_by, now, output);
  }
  artifact.id = ArtifactId{world.ledger.Mutable().next_artifact_id++};
  artifact.model_id = ModelIdOf(rules.models, artifact.model);
  artifact.added_at = now.wall;
  world.artifacts.Put(artifact.id, artifact);
  output.artifacts.push_back(artifact);
  Happen("artifact_added", artifact, artifact.added_by, output);
  audit("done");
  return artifact;
}

void HandleLibraryQuestion(Turn& turn, const Request& request) {
  if (request.spec->name == "file.library.list") {
    ListLibrary(turn, request);
    return;
  }
  const std::string& text = *request.args.Get<std::string>("artifact");
  const Artifact* artifact = FindArtifact(turn.world, text);
  if (artifact == nullptr) {
    Reject(turn, request, NotFound(text));
    return;
  }
  RespondResult(request.reply_to, request.id, "{\"file\":" + ArtifactJson(*artifact) + "}",
                turn.now, turn.output);
}

void RemoveArtifact(Turn& turn, const Request& request) {
  const std::string& text = *request.args.Get<std::string>("artifact");
  const Artifact* found = FindArtifact(turn.world, text);
  if (found == nullptr) {
    Reject(turn, request, NotFound(text));
    return;
  }
  const Artifact artifact = *found;
  if (IsUsed(turn.world, artifact)) {
    Reject(turn, request,
           {"conflict",
            "args.artifact: a print of it is being started; remove it when that command is done",
            "args.artifact"});
    return;
  }
  Remove(turn.world, artifact, request.reply_to.author, turn.now, turn.output);
  Command command = MakeCommand(turn, request, Selection{});
  command.result = "{\"file\":" + ArtifactJson(artifact) + "}";
  FinishAtOnce(turn, std::move(command), {});
}

std::vector<Offer> OpenOffers(const World& world) {
  std::vector<Offer> offers;
  world.executions.ForEach([&](const ExecutionKey& key, const Execution& execution) {
    const Command* command = world.commands.Find(key.command_id);
    if (command == nullptr || command->request.artifact == nullptr || execution.attempts == 0 ||
        IsFinal(execution.state)) {
      return;
    }
    Offer offer;
    offer.execution = key;
    offer.attempt = execution.attempts;
    offer.artifact = command->request.artifact;
    offer.token = FileToken(world.files, key, execution.attempts);
    offer.offered_at = execution.sent_at.value_or(command->created_at);
    offer.expires_at = command->deadline_wall;
    offers.push_back(std::move(offer));
  });
  return offers;
}

}  // namespace printfleet::fleet
