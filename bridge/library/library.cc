#include "library/library.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "library/library_state.h"

namespace printfleet::library {
namespace {

constexpr size_t kSha256Digits = 64;
constexpr size_t kFolderDigits = 2;

bool IsHex(std::string_view text, size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error Full(const std::string& why) {
  return {Errc::kUnavailable, "full: " + why};
}

}  // namespace

std::string Library::State::FolderOf(std::string_view sha256) const {
  return root + "/" + std::string(sha256.substr(0, kFolderDigits));
}

std::string Library::State::PathOf(std::string_view sha256) const {
  return FolderOf(sha256) + "/" + std::string(sha256);
}

Status Library::State::Reserve(int64_t bytes) {
  if (bytes > limits.bytes_max - bytes_used - bytes_reserved) {
    return Full("the library may hold library.bytes_max, " + std::to_string(limits.bytes_max) +
                " bytes");
  }
  const int64_t on_their_way = bytes_reserved - bytes_arrived;
  const auto free = FreeBytes(root);
  if (free && bytes > *free - limits.free_bytes_min - on_their_way) {
    return Full("the disk has " + std::to_string(*free) +
                " bytes free, and library.free_bytes_min, " +
                std::to_string(limits.free_bytes_min) + ", stay so");
  }
  bytes_reserved += bytes;
  return Ok{};
}

bool Library::State::RemoveFiles(std::string_view sha256) {
  const auto found = sizes.find(sha256);
  if (found == sizes.end()) {
    return false;
  }
  const std::string path = PathOf(sha256);
  RemoveFile(path + ".png");
  RemoveFile(path + ".jpg");
  const bool removed = RemoveFile(path);
  bytes_used -= found->second;
  sizes.erase(found);
  return removed;
}

Library::Library(std::unique_ptr<State> state) : state_(std::move(state)) {}

Library::~Library() = default;

Result<std::unique_ptr<Library>> Library::Open(const std::string& data_dir,
                                               const settings::Library& limits) {
  auto state = std::make_unique<State>();
  state->root = data_dir + "/library";
  state->limits = limits;
  const std::string incoming = state->root + "/incoming";
  for (const std::string& folder : {state->root, incoming}) {
    if (auto made = MakeFolder(folder); !made.ok()) {
      return made.error().Within("library");
    }
  }
  for (const Found& left : ListFolder(incoming)) {
    LogInfo("library", "removing an upload that was not finished", {{"file", left.name}});
    RemoveFile(incoming + "/" + left.name);
  }
  for (const Found& folder : ListFolder(state->root)) {
    if (!folder.folder || !IsHex(folder.name, kFolderDigits)) {
      continue;
    }
    for (Found& file : ListFolder(state->root + "/" + folder.name)) {
      if (!file.folder && IsHex(file.name, kSha256Digits) && file.name.starts_with(folder.name)) {
        state->bytes_used += file.size_bytes;
        state->sizes.emplace(std::move(file.name), file.size_bytes);
      }
    }
  }
  return std::unique_ptr<Library>(new Library(std::move(state)));  // NOLINT(*-owning-memory)
}

Result<Upload> Library::Begin(std::string name, std::optional<int64_t> size_announced) {
  name = SafeName(name);
  if (!IsGcodeName(name)) {
    return Error{Errc::kMalformed, name + ": the library takes .gcode, .gco and .g"};
  }
  if (size_announced.value_or(0) > state_->limits.file_bytes_max) {
    return Error{Errc::kRejected, name + ": " + std::to_string(*size_announced) +
                                      " bytes are above library.file_bytes_max, " +
                                      std::to_string(state_->limits.file_bytes_max)};
  }
  auto upload = std::make_unique<Upload::State>(*state_);
  upload->name = std::move(name);
  upload->announced = size_announced;
  {
    const std::lock_guard lock(state_->mutex);
    if (auto room = state_->Reserve(size_announced.value_or(0)); !room.ok()) {
      return room.error();
    }
    upload->reserved = size_announced.value_or(0);
    upload->path = state_->root + "/incoming/" + std::to_string(++state_->uploads_begun);
  }
  Upload begun(std::move(upload));
  auto file = CreateFile(begun.state_->path);
  if (!file.ok()) {
    return file.error();
  }
  begun.state_->file = std::move(*file);
  return begun;
}

void Library::Settle(const Stored& stored, bool keep) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->open.find(stored.sha256);
  if (found == state_->open.end()) {
    return;
  }
  State::Open& open = found->second;
  open.keep = open.keep || keep;
  if (--open.uploads == 0) {
    if (open.was_new && !open.keep) {
      state_->RemoveFiles(stored.sha256);
    }
    state_->open.erase(found);
  }
}

std::string Library::PathOf(std::string_view sha256) const {
  return state_->PathOf(sha256);
}

std::optional<Thumbnail> Library::ThumbnailOf(std::string_view sha256) const {
  if (!IsHex(sha256, kSha256Digits)) {
    return std::nullopt;
  }
  for (const auto& [extension, type] : {std::pair{".png", "image/png"}, {".jpg", "image/jpeg"}}) {
    const std::string path = state_->PathOf(sha256) + extension;
    if (FileExists(path)) {
      return Thumbnail{path, type};
    }
  }
  return std::nullopt;
}

bool Library::Remove(std::string_view sha256) {
  const std::lock_guard lock(state_->mutex);
  return !state_->open.contains(sha256) && state_->RemoveFiles(sha256);
}

std::vector<std::string> Library::List() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> names;
  for (const auto& [sha256, size] : state_->sizes) {
    names.push_back(sha256);
  }
  return names;
}

int64_t Library::BytesUsed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes_used;
}

}  // namespace printfleet::library
