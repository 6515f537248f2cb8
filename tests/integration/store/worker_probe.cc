#include "worker_probe.h"

#include "base/check.h"

namespace printfleet::store {

WorkerProbe::WorkerProbe(std::string database, const std::string& instance)
    : database_(std::move(database)) {
  Config config;
  config.conninfo = Cluster::Get().Conninfo(database_);
  config.admin_conninfo = Cluster::Get().AdminConninfo();
  config.schema_dir = DefaultSchemaDir();
  config.instance = instance;
  config.remember = milliseconds(1000LL * 3600 * 24 * 365 * 100);
  worker_ = std::make_unique<Worker>(std::move(config));
}

Connected WorkerProbe::Start(bool load) {
  worker_->Start(load);
  std::optional<Connected> connected = Wait<Connected>();
  CHECK(connected.has_value());
  return std::move(*connected);
}

std::string WorkerProbe::Commit(Batch batch) {
  return worker_->Commit(std::move(batch)) ? WaitForCommit() : "not_taken";
}

std::string WorkerProbe::WaitForCommit() {
  for (int poll = 0; poll < kPolls; ++poll) {
    Take();
    while (!events_.empty()) {
      const Event event = std::move(events_.front());
      events_.pop_front();
      if (std::holds_alternative<Committed>(event)) {
        return "committed";
      }
      if (const CommitFailed* failed = std::get_if<CommitFailed>(&event)) {
        failure_ = failed->error.message;
        switch (failed->kind) {
          case CommitFailed::Kind::kKnownRequest:
            return "known_request";
          case CommitFailed::Kind::kRefused:
            return "refused";
          case CommitFailed::Kind::kNotStored:
            return "not_stored";
          case CommitFailed::Kind::kInDoubt:
            return "in_doubt";
        }
      }
    }
    pollfd descriptor{.fd = worker_->event_fd(), .events = POLLIN, .revents = 0};
    ::poll(&descriptor, 1, 100);
  }
  return "no answer";
}

void WorkerProbe::Take() {
  for (Event& event : worker_->TakeEvents()) {
    events_.push_back(std::move(event));
  }
}

}  // namespace printfleet::store
