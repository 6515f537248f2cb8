#include "daemon/upkeep.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "daemon/clock.h"
#include "store/retention.h"

namespace printfleet::daemon {
namespace {

// Of what anybody but root may use; nullopt where the system does not say.
std::optional<int64_t> FreeBytes(const std::string& directory) {
  struct statvfs status {};

  if (::statvfs(directory.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return static_cast<int64_t>(status.f_bavail) * static_cast<int64_t>(status.f_frsize);
}

int64_t SizeOf(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_size) : 0;
}

// A file of so many bytes that the disk really has. False, and no file, where it has not.
bool Allocate(const std::string& path, int64_t bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return false;
  }
  const bool allocated = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)) == 0;
  ::close(fd);
  if (!allocated) {
    ::unlink(path.c_str());
  }
  return allocated;
}

}  // namespace

Upkeep::Upkeep(const settings::Settings& settings, store::MaintainerConfig maintainer)
    : settings_(settings), shedding_(settings), maintainer_(std::move(maintainer)) {
  // A rate of a counter that comes into being with its first deletion misses that one.
  for (const auto& rule : store::RowRules(settings.store.retention, seconds(0))) {
    counted_.rows_deleted.emplace(rule.table, 0U);
  }
  for (const auto& rule : store::PartitionRules(settings.store.retention)) {
    counted_.partitions_dropped.emplace(rule.table, 0U);
  }
  maintainer_.Start();
}

void Upkeep::EverySecond(core::Core& core, store::Worker& worker, bool store_connected) {
  was_connected_ = was_connected_ || store_connected;
  WatchDisk(core, worker);
  // While nothing is stored the worker has no connection, but room has to be made all the same.
  const bool held = shedding_.On(core::ShedStep::kCommits);
  maintainer_.SetAllowed(store_connected || (was_connected_ && held));
  maintainer_.SetDropHistory(shedding_.On(core::ShedStep::kHistory));
  Count();
}

void Upkeep::WatchDisk(core::Core& core, store::Worker& worker) {
  const std::optional<int64_t> free_bytes = FreeBytes(settings_.data_dir);
  if (!free_bytes) {
    return;
  }
  for (const core::ShedStep step : shedding_.Update(*free_bytes)) {
    if (shedding_.On(step)) {
      LogWarning("daemon", "the disk is nearly full: " + std::string(Text(step)),
                 {{"free_bytes", *free_bytes}, {"below_bytes", shedding_.Threshold(step)}});
    } else {
      LogInfo("daemon", "the disk has room again: no longer: " + std::string(Text(step)),
              {{"free_bytes", *free_bytes}});
    }
  }
  core.SetShedding({.telemetry = shedding_.On(core::ShedStep::kTelemetry),
                    .payloads = shedding_.On(core::ShedStep::kPayloads)});
  worker.SetHeld(shedding_.On(core::ShedStep::kCommits));
  KeepReserve(*free_bytes);
}

// Made while there is plenty, so that it costs nobody anything; looked at until it is there.
void Upkeep::KeepReserve(int64_t free_bytes) {
  const int64_t wanted = settings_.store.disk.reserve_bytes;
  if (reserved_.value_or(false) || wanted == 0) {
    return;
  }
  const std::string path = settings_.data_dir + "/reserve";
  if (SizeOf(path) == wanted) {
    reserved_ = true;
    return;
  }
  const int64_t comfortable = 2 * wanted + shedding_.Threshold(core::ShedStep::kCommits);
  reserved_ = free_bytes >= comfortable && Allocate(path, wanted);
}

void Upkeep::MakeRoomToEnd() {
  const std::optional<int64_t> free_bytes = FreeBytes(settings_.data_dir);
  const std::string path = settings_.data_dir + "/reserve";
  if (free_bytes && *free_bytes < 2 * settings_.store.disk.reserve_bytes &&
      ::unlink(path.c_str()) == 0) {
    LogWarning("daemon", "gave up the reserve, for the last writes", {{"free_bytes", *free_bytes}});
  }
}

void Upkeep::Count() {
  for (const store::MaintenanceReport& report : maintainer_.TakeReports()) {
    for (const auto& [table, rows] : report.rows_deleted) {
      counted_.rows_deleted[table] += static_cast<uint64_t>(rows);
    }
    for (const auto& [table, partitions] : report.partitions_dropped) {
      counted_.partitions_dropped[table] += static_cast<uint64_t>(partitions);
    }
    counted_.failures += report.error ? 1U : 0U;
    if (report.finished_at) {
      counted_.finished_at = report.finished_at;
    }
  }
}

std::map<std::string, bool> Upkeep::shedding() const {
  std::map<std::string, bool> steps;
  for (const core::ShedStep step : core::kShedSteps) {
    steps[std::string(Name(step))] = shedding_.On(step);
  }
  return steps;
}

std::string Upkeep::warning() const {
  std::string text;
  for (const core::ShedStep step : core::kShedSteps) {
    if (shedding_.On(step)) {
      text += (text.empty() ? "the disk is nearly full: " : "; ") + std::string(Text(step));
    }
  }
  return text;
}

}  // namespace printfleet::daemon
