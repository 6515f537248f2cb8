#include "rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "base/check.h"
#include "base/digest.h"

namespace printfleet::spool {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 20'000;

}  // namespace

Folder::Folder() : path_(fs::temp_directory_path() / "spool_test.XXXXXX") {
  CHECK(::mkdtemp(path_.data()) != nullptr);
}

Folder::~Folder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

SmallDisk::SmallDisk(const std::string& folder, int64_t bytes)
    : path_(folder + "/disk"), bytes_(bytes) {
  fs::create_directory(path_);
  const std::string options = "size=" + std::to_string(bytes);
  if (::mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
    std::cerr << "a disk that can be full needs the right to mount (root): " << std::strerror(errno)
              << "\n";
    CHECK(false);
  }
}

SmallDisk::~SmallDisk() {
  ::umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::SetReadOnly(bool read_only) const {
  CHECK(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | (read_only ? MS_RDONLY : 0),
                ("size=" + std::to_string(bytes_)).c_str()) == 0);
}

void SmallDisk::Fill() const {
  const int fd = ::open((path_ + "/filling").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  CHECK(fd >= 0);
  const std::string bytes(4096, 'x');
  while (::write(fd, bytes.data(), bytes.size()) > 0) {
  }
  CHECK(errno == ENOSPC);
  ::close(fd);
}

void SmallDisk::Empty() const {
  ::unlink((path_ + "/filling").c_str());
}

Rig::Rig(Config config) : config_(std::move(config)) {}

Opened Rig::Open() {
  events_.clear();
  opened_.clear();
  spool_ = std::make_unique<Spool>(config_);
  return spool_->Open();
}

std::optional<Event> Rig::Next() {
  while (events_.empty()) {
    pollfd descriptor{.fd = spool_->event_fd(), .events = POLLIN, .revents = 0};
    if (::poll(&descriptor, 1, kPatienceMs) <= 0) {
      return std::nullopt;
    }
    for (Event& event : spool_->TakeEvents()) {
      events_.push_back(std::move(event));
    }
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  if (const Opened* opened = std::get_if<Opened>(&event)) {
    opened_.push_back(*opened);
  }
  return event;
}

Status Rig::Keep(std::vector<Item> items, std::optional<int64_t> doubt) {
  CHECK(spool_->Append(++ticket_, std::move(items), doubt));
  while (const std::optional<Event> event = Next()) {
    if (const auto* appended = std::get_if<Appended>(&*event)) {
      CHECK(appended->ticket == ticket_);
      return Ok{};
    }
    if (const auto* failed = std::get_if<AppendFailed>(&*event)) {
      CHECK(failed->ticket == ticket_);
      return failed->error;
    }
  }
  return Error{Errc::kTimeout, "no answer"};
}

Result<Entries> Rig::Read(int64_t after, size_t entries_max, size_t bytes_max) {
  CHECK(spool_->Read(after, entries_max, bytes_max));
  while (std::optional<Event> event = Next()) {
    if (auto* entries = std::get_if<Entries>(&*event)) {
      return std::move(*entries);
    }
    if (const auto* failed = std::get_if<ReadFailed>(&*event)) {
      return failed->error;
    }
  }
  return Error{Errc::kTimeout, "no answer"};
}

Status Rig::Settle(int64_t batch_seq, bool committed) {
  CHECK(spool_->Settle(batch_seq, committed));
  while (const std::optional<Event> event = Next()) {
    if (const auto* settled = std::get_if<Settled>(&*event)) {
      CHECK(settled->batch_seq == batch_seq);
      return Ok{};
    }
    if (const auto* failed = std::get_if<SettleFailed>(&*event)) {
      return failed->error;
    }
  }
  return Error{Errc::kTimeout, "no answer"};
}

bool Rig::WaitUntil(const std::function<bool(const Contents&)>& holds) {
  while (!holds(spool_->contents())) {
    if (!Next()) {
      return false;
    }
  }
  return true;
}

void Rig::Forget(int64_t id) {
  CHECK(spool_->Forget(id));
  while (const std::optional<Event> event = Next()) {
    if (std::holds_alternative<Changed>(*event)) {
      return;
    }
  }
  CHECK(false);
}

std::vector<Entry> Rig::ReadAll(size_t step) {
  std::vector<Entry> all;
  for (int64_t after = 0; true;) {
    Result<Entries> some = Read(after, step);
    if (!some) {
      std::cerr << "cannot be read: " << some.error().message << "\n";
      return all;
    }
    for (Entry& entry : some->entries) {
      after = entry.id;
      all.push_back(std::move(entry));
    }
    if (some->last || some->entries.empty()) {
      return all;
    }
  }
}

std::vector<Opened> Rig::TakeOpened() {
  return std::exchange(opened_, {});
}

core::Message Report(const std::string& topic, const std::string& payload) {
  core::Message message;
  message.topic = topic;
  message.payload = payload;
  message.digest = MessageDigest(topic, payload);
  return message;
}

std::vector<Item> Reports(int from, int to, size_t filling) {
  std::vector<Item> items;
  for (int number = from; number < to; ++number) {
    const auto letter = static_cast<char>('a' + number % 26);
    items.emplace_back(Report("topic/" + std::to_string(number),
                              std::to_string(number) + " " + std::string(filling, letter)));
  }
  return items;
}

std::vector<int> NumbersOf(const std::vector<Entry>& entries) {
  std::vector<int> numbers;
  for (const Entry& entry : entries) {
    const auto* message = std::get_if<core::Message>(&entry.item);
    const int number = message == nullptr ? -1 : std::atoi(message->payload.text().c_str());
    const bool whole =
        message != nullptr &&
        message->payload ==
            std::get<core::Message>(
                Reports(number, number + 1,
                        message->payload.size() - std::to_string(number).size() - 1)[0])
                .payload &&
        message->topic == "topic/" + std::to_string(number);
    numbers.push_back(whole ? number : -1);
  }
  return numbers;
}

std::vector<std::string> FilesIn(const std::string& directory) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

int64_t SizeOf(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

void WriteBytes(const std::string& path, int64_t at, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  CHECK(fd >= 0);
  CHECK(::pwrite(fd, bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size()));
  ::close(fd);
}

void CopyFiles(const std::string& from, const std::string& to) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    fs::copy_file(entry.path(), fs::path(to) / entry.path().filename(),
                  fs::copy_options::overwrite_existing);
  }
}

}  // namespace printfleet::spool
