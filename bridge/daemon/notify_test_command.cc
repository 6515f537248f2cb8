// printfleet notify test: a message to one target, now, past the daemon.
#include <poll.h>

#include <algorithm>
#include <cstdio>

#include "daemon/clock.h"
#include "daemon/commands.h"
#include "daemon/notify_addresses.h"
#include "notify/sender.h"

namespace printfleet::daemon {
namespace {

core::Notification TestMessage(const std::string& target, const Instant& now) {
  core::Notification message;
  message.id = core::NotificationId{1};
  message.target = target;
  message.created_at = now.wall;
  message.utc_offset = UtcOffset(now.wall);
  core::NotifyItem item;
  item.kind = settings::NotifyKind::kPrintFailed;
  item.at = now.wall;
  item.printer = "test";
  item.job_id = JobId{1};
  item.filename = "test.gcode";
  item.layer = 100;
  item.layers = 300;
  item.progress_ratio = 1.0 / 3;
  item.text = "this is a test, no print failed";
  message.items.push_back(item);
  return message;
}

}  // namespace

int TestNotify(const settings::Loaded& loaded, const std::string& name) {
  const auto& targets = loaded.settings.notify.targets;
  const auto target = std::find_if(targets.begin(), targets.end(),
                                   [&](const auto& each) { return each.name == name; });
  if (target == targets.end()) {
    std::string names;
    for (const auto& each : targets) {
      names += (names.empty() ? "" : ", ") + each.name;
    }
    std::fprintf(stderr, "printfleet: notify.targets has no \"%s\"; there are: %s\n", name.c_str(),
                 names.empty() ? "none" : names.c_str());
    return 2;
  }
  auto address = NotifyAddress(*target);
  if (!address.ok()) {
    std::fprintf(stderr, "printfleet: %s\n", address.error().message.c_str());
    return 2;
  }
  const milliseconds patience = address->timeout + seconds(2);
  notify::Sender sender({*std::move(address)});
  const Instant now = Now();
  pollfd answer{.fd = sender.event_fd(), .events = POLLIN, .revents = 0};
  if (!sender.Send({TestMessage(name, now), 1}) ||
      ::poll(&answer, 1, static_cast<int>(patience.count())) <= 0) {
    std::fprintf(stderr, "printfleet: %s: no answer\n", name.c_str());
    return 1;
  }
  for (const core::Notified& notified : sender.TakeEvents()) {
    if (!notified.ok) {
      std::fprintf(stderr, "printfleet: %s: %s\n", name.c_str(), notified.error.c_str());
      return 1;
    }
  }
  const auto took = Now().mono - now.mono;
  std::printf("sent to %s (%s) in %lld ms\n", name.c_str(), std::string(Name(target->form)).c_str(),
              static_cast<long long>(took.count()));
  return 0;
}

}  // namespace printfleet::daemon
