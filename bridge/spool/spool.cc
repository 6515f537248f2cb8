#include "spool/spool.h"

#include <thread>
#include <utility>

#include "base/check.h"
#include "spool/clock.h"
#include "spool/keeper.h"

namespace printfleet::spool {

struct Spool::State {
  explicit State(Config config) : shared(std::move(config)), keeper(shared) {}

  template <typename What>
  bool Post(What&& what) {
    return shared.requests.Post({.file = file, .what = std::forward<What>(what)});
  }

  void Note(const Told& told) {
    contents = told.contents;
    identity = told.identity;
    file = told.file;
  }

  Shared shared;
  Keeper keeper;
  std::thread thread;

  // The loop's: as the events it has taken tell.
  Contents contents;
  std::string identity;
  uint64_t file = 0;
};

Spool::Spool(Config config) : state_(std::make_unique<State>(std::move(config))) {}

Spool::~Spool() {
  if (state_->thread.joinable()) {
    state_->shared.requests.Close();
    state_->shared.stop.Signal();
    state_->thread.join();
  }
}

Opened Spool::Open() {
  CHECK(!state_->thread.joinable());
  Told told = state_->keeper.Open();
  state_->Note(told);
  state_->thread = std::thread([state = state_.get()] { state->keeper.Run(); });
  return std::get<Opened>(std::move(told.event));
}

bool Spool::Append(uint64_t ticket, std::vector<Item> items, std::optional<int64_t> doubt_seq) {
  const WallTime now = Now().wall;
  AppendRequest request{.ticket = ticket, .rows = {}};
  request.rows.reserve(items.size());
  for (Item& item : items) {
    request.rows.push_back(
        {.entry = {.id = 0, .kept_at = now, .item = std::move(item)}, .doubt = doubt_seq});
  }
  return state_->Post(std::move(request));
}

bool Spool::Read(int64_t after, size_t entries_max, size_t bytes_max) {
  return state_->Post(
      ReadRequest{.after = after, .entries_max = entries_max, .bytes_max = bytes_max});
}

bool Spool::Forget(int64_t id) {
  return state_->Post(ForgetRequest{.id = id});
}

bool Spool::Settle(int64_t batch_seq, bool committed) {
  return state_->Post(SettleRequest{.batch_seq = batch_seq, .committed = committed});
}

const std::string& Spool::identity() const {
  return state_->identity;
}

const Contents& Spool::contents() const {
  return state_->contents;
}

int Spool::event_fd() const {
  return state_->shared.events.fd();
}

std::vector<Event> Spool::TakeEvents() {
  std::vector<Event> events;
  for (Told& told : state_->shared.events.TakeAll()) {
    state_->Note(told);
    events.push_back(std::move(told.event));
  }
  return events;
}

}  // namespace printfleet::spool
