#include "store/worker.h"

#include <algorithm>
#include <thread>

#include "store/connection.h"
#include "store/service.h"

namespace printfleet::store {
namespace {

constexpr milliseconds kBreakInterval{100};

}  // namespace

struct Worker::State {
  // Posts to the connection the loop knows of. False when it knows of none.
  template <typename What>
  bool Post(What&& what) {
    return connected && shared.requests.Post(
                            Request{.generation = generation, .what = std::forward<What>(what)});
  }

  Shared shared;
  std::thread thread;

  // The loop's: as the events it has taken tell.
  bool connected = false;
  int64_t generation = 0;
};

Worker::Worker(Config config) : state_(std::make_unique<State>()) {
  state_->shared.config = std::move(config);
}

Worker::~Worker() {
  if (!state_->thread.joinable()) {
    return;
  }
  Shared& shared = state_->shared;
  shared.requests.Close();
  shared.stop.Signal();
  milliseconds grace{0};
  if (const std::optional<MonoTime> since = busy_since()) {
    grace = std::max(*since + shared.config.request_timeout - MonotonicNow(), milliseconds(0));
  }
  while (!WaitForStop(shared.ended, grace)) {
    Break();
    grace = kBreakInterval;
  }
  state_->thread.join();
}

void Worker::Start(bool load) {
  state_->thread = std::thread([&shared = state_->shared, load] {
    Service service(shared, load);
    service.Run();
  });
}

bool Worker::Commit(Batch batch) {
  return state_->Post(std::move(batch));
}

bool Worker::WriteAhead(Stage stage) {
  return state_->Post(std::move(stage));
}

bool Worker::ResolveDoubt(int64_t seq) {
  return state_->Post(ResolveRequest{.seq = seq});
}

bool Worker::LoadDigests() {
  return state_->Post(DigestsRequest{});
}

bool Worker::Ask(fleet::Question question) {
  return state_->Post(std::move(question));
}

void Worker::Break() {
  state_->shared.socket.Break();
}

void Worker::SetHeld(bool held) {
  state_->shared.held = held;
}

std::optional<MonoTime> Worker::busy_since() const {
  const int64_t since_ms = state_->shared.busy_since_ms;
  return since_ms == 0 ? std::nullopt : std::optional(MonoTime(milliseconds(since_ms)));
}

int Worker::event_fd() const {
  return state_->shared.events.fd();
}

std::vector<Event> Worker::TakeEvents() {
  std::vector<Event> events = state_->shared.events.TakeAll();
  for (const Event& event : events) {
    if (std::holds_alternative<Connected>(event)) {
      state_->connected = true;
      ++state_->generation;
    } else if (std::holds_alternative<Disconnected>(event)) {
      state_->connected = false;
    }
  }
  return events;
}

}  // namespace printfleet::store
