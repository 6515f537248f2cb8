// The library's events: a file came, a printer fetched one.
#include "core/core.h"
#include "fleet/artifact.h"

namespace printfleet::core {

void Core::OnFileStored(const FileStored& stored, const Instant& now) {
  fleet::Output output;
  const auto taken = fleet::HandleFileStored(world_, rules(), stored.artifact, now, output);
  Reply reply;
  reply.ticket = stored.ticket;
  if (const auto* artifact = std::get_if<fleet::Artifact>(&taken)) {
    reply.ok = true;
    reply.json = fleet::ArtifactJson(*artifact);
  } else {
    const auto& rejection = std::get<fleet::Rejection>(taken);
    json::Writer writer;
    writer.BeginObject()
        .Member("error", rejection.message)
        .Member("reason", rejection.reason)
        .EndObject();
    reply.json = writer.Take();
  }
  effects_.replies.push_back(std::move(reply));
  Absorb(std::move(output), now);
}

void Core::OnFileSent(const FileSent& sent) {
  DownloadRow row;
  row.execution = sent.execution;
  row.attempt = sent.attempt;
  (sent.whole ? row.last_byte_at : row.first_byte_at) = sent.at;
  row.bytes_sent = sent.bytes;
  effects_.rows.downloads.push_back(std::move(row));
}

std::vector<fleet::Offer> Core::OpenOffers() const {
  return fleet::OpenOffers(world_);
}

std::set<std::string> Core::NeededFiles() const {
  std::set<std::string> needed;
  world_.artifacts.ForEach([&needed](const ArtifactId&, const fleet::Artifact& artifact) {
    needed.insert(artifact.sha256);
  });
  world_.commands.ForEach([&needed](const CommandId&, const fleet::Command& command) {
    if (command.request.artifact != nullptr) {
      needed.insert(command.request.artifact->sha256);
    }
  });
  return needed;
}

}  // namespace printfleet::core
