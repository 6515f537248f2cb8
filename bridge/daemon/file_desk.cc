#include "daemon/file_desk.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "broker/config.h"
#include "daemon/batcher.h"
#include "daemon/clock.h"

namespace printfleet::daemon {
namespace {

// Uploads, requests and marks that wait for the loop.
constexpr size_t kInboxMax = 10'000;
// Files on offer: one for each printer that is to fetch one, and those that ended lately.
constexpr size_t kOffersMax = 100'000;
// How long an upload waits for its COMMIT, and a slicer for the first word of its print.
constexpr seconds kAnswerPatience{15};
constexpr seconds kSweepInterval{600};
// A file that was just stored may not have its artifact yet.
constexpr seconds kSweepAge{60};

std::string TicketName(uint64_t ticket) {
  return "upload " + std::to_string(ticket);
}

bool IsOld(const std::string& path, const Instant& now) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 &&
         now.wall - WallTime(seconds(status.st_mtim.tv_sec)) > kSweepAge;
}

fleet::Artifact ArtifactOf(const http::Caller& caller, const library::Stored& stored) {
  fleet::Artifact artifact;
  artifact.name = stored.name;
  artifact.sha256 = stored.sha256;
  artifact.md5 = stored.md5;
  artifact.size_bytes = stored.size_bytes;
  artifact.slicer = stored.facts.slicer;
  artifact.model = stored.facts.printer_model;
  artifact.estimated_s = stored.facts.estimated_s;
  artifact.material = stored.facts.material;
  artifact.filament_mm = stored.facts.filament_mm;
  artifact.filament_g = stored.facts.filament_g;
  artifact.layers = stored.facts.layers;
  artifact.thumbnail_type = stored.facts.thumbnail_type;
  artifact.added_by = caller.user;
  return artifact;
}

// Who may command printers as `local` by MQTT may do it by HTTP without a key: where both can be
// reached from this machine alone.
bool IsOpenHere(const settings::Settings& settings) {
  const auto loopback = [](const auto& listener) { return broker::IsLoopback(listener.address); };
  const auto open = [](const settings::BrokerListener& listener) {
    return listener.for_people && listener.login == settings::Login::kNone;
  };
  return settings.broker.mode == settings::Mode::kManaged &&
         std::ranges::any_of(settings.broker.listeners, open) &&
         std::ranges::all_of(settings.http.listeners, loopback);
}

}  // namespace

FileDesk::FileDesk(const settings::Settings& settings, library::Library& library)
    : settings_(settings),
      library_(library),
      local_(IsOpenHere(settings)),
      responses_(settings.fleet.topic_root + "/response/"),
      inbox_(kInboxMax) {}

http::LibraryHooks FileDesk::Hooks() {
  http::LibraryHooks hooks;
  hooks.caller = [this](std::string_view key) { return FindCaller(key); };
  hooks.added = [this](const http::Caller& caller, const library::Stored& stored) {
    return Added(caller, stored);
  };
  hooks.download = [this](std::string_view token, std::string_view filename) {
    return FindDownload(token, filename);
  };
  hooks.mark = [this](std::string_view token, http::DownloadMark mark, int64_t bytes) {
    Mark(token, mark, bytes);
  };
  return hooks;
}

http::SlicerHooks FileDesk::SlicerHooks() {
  return {Hooks(),
          [this](const std::string& user, const std::string& request_id, std::string payload) {
            return Ask(user, request_id, std::move(payload));
          }};
}

void FileDesk::SetUsers(const settings::Users& users) {
  const std::lock_guard lock(mutex_);
  users_ = users;
}

// -- HTTP's threads --

std::optional<http::Caller> FileDesk::FindCaller(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  if (key.empty()) {
    return local_ ? std::optional(http::Caller{"local", settings_.broker.local_role})
                  : std::nullopt;
  }
  const settings::User* user = settings::FindByKey(users_, key);
  return user != nullptr ? std::optional(http::Caller{user->name, user->role}) : std::nullopt;
}

http::Answer FileDesk::Added(const http::Caller& caller, const library::Stored& stored) {
  core::FileStored event;
  event.ticket = next_ticket_++;
  event.artifact = ArtifactOf(caller, stored);
  const auto text = Await(TicketName(event.ticket), std::move(event));
  if (!text.ok()) {
    // It may be committed yet: then its bytes are wanted.
    const bool in_doubt = text.error().code == Errc::kTimeout;
    return http::ErrorAnswer(in_doubt ? http::kInDoubt : 503, text.error().message);
  }
  const bool refused = text->starts_with("{\"error\"");
  return {.status = refused ? 409 : 201, .content_type = "application/json", .body = *text + "\n"};
}

std::optional<http::Download> FileDesk::FindDownload(std::string_view token,
                                                     std::string_view filename) {
  const std::lock_guard lock(mutex_);
  const auto found = offers_.find(token);
  if (found == offers_.end() || found->second.name != filename ||
      found->second.expires_at <= Now().wall) {
    return std::nullopt;
  }
  return http::Download{library_.PathOf(found->second.sha256), found->second.size_bytes,
                        "application/octet-stream"};
}

void FileDesk::Mark(std::string_view token, http::DownloadMark mark, int64_t bytes) {
  core::FileSent event;
  {
    const std::lock_guard lock(mutex_);
    const auto found = offers_.find(token);
    if (found == offers_.end()) {
      return;
    }
    event.execution = found->second.execution;
    event.attempt = found->second.attempt;
  }
  event.whole = mark == http::DownloadMark::kLastByte;
  event.bytes = bytes;
  event.at = Now().wall;
  if (!inbox_.Post(std::move(event))) {
    LogWarning("http", "what a printer fetched is not recorded: too much waits for the loop");
  }
}

Result<std::string> FileDesk::Ask(const std::string& user, const std::string& request_id,
                                  std::string payload) {
  return Await(user + "/" + request_id, Asked{user, request_id, std::move(payload)});
}

// Posts the letter and waits for what is said to `name`.
Result<std::string> FileDesk::Await(const std::string& name, Inbox letter) {
  if (!store_available_) {
    return Error{Errc::kUnavailable, "the store is away; try again later"};
  }
  std::future<std::string> answer;
  {
    const std::lock_guard lock(mutex_);
    answer = waiting_[name].get_future();
  }
  std::string text;
  const bool posted = inbox_.Post(std::move(letter));
  if (posted && answer.wait_for(kAnswerPatience) == std::future_status::ready) {
    text = answer.get();
  }
  const std::lock_guard lock(mutex_);
  waiting_.erase(name);
  if (!posted) {
    return Error{Errc::kUnavailable, "too much waits for the bridge; try again later"};
  }
  if (text.empty()) {
    return Error{Errc::kTimeout, "the bridge did not answer in time; look before you try again"};
  }
  return text;
}

// -- The loop --

void FileDesk::Take(Batcher& batcher, const Instant& now) {
  for (Inbox& letter : inbox_.TakeAll()) {
    if (auto* stored = std::get_if<core::FileStored>(&letter)) {
      batcher.OnEvent(std::move(*stored));
    } else if (auto* sent = std::get_if<core::FileSent>(&letter)) {
      batcher.OnEvent(std::move(*sent));
    } else if (auto* asked = std::get_if<Asked>(&letter)) {
      core::Message message;
      message.session = core::Session::kCommands;
      message.topic = settings_.fleet.topic_root + "/command/" + asked->user;
      message.payload = std::move(asked->payload);
      message.received = now;
      message.digest = MessageDigest(message.topic, message.payload);
      std::vector<core::Message> messages;
      messages.push_back(std::move(message));
      batcher.OnMessages(std::move(messages), now);
    }
  }
}

void FileDesk::Answer(const std::string& name, std::string text) {
  const std::lock_guard lock(mutex_);
  if (const auto found = waiting_.find(name); found != waiting_.end()) {
    found->second.set_value(std::move(text));
    waiting_.erase(found);
  }
}

void FileDesk::Offer(const fleet::Offer& offer) {
  const std::lock_guard lock(mutex_);
  if (offers_.size() >= kOffersMax) {
    const WallTime now = Now().wall;
    std::erase_if(offers_, [now](const auto& entry) { return entry.second.expires_at <= now; });
  }
  offers_[offer.token] = {offer.execution,
                          offer.attempt,
                          offer.artifact->sha256,
                          offer.artifact->name,
                          offer.artifact->size_bytes,
                          offer.expires_at};
}

void FileDesk::Release(core::Effects& effects) {
  for (const fleet::Offer& offer : effects.offers) {
    Offer(offer);
  }
  if (!effects.withdrawn.empty()) {
    const std::set<fleet::ExecutionKey> withdrawn(effects.withdrawn.begin(),
                                                  effects.withdrawn.end());
    const std::lock_guard lock(mutex_);
    std::erase_if(offers_, [&withdrawn](const auto& entry) {
      return withdrawn.contains(entry.second.execution);
    });
  }
  for (core::Reply& reply : effects.replies) {
    Answer(TicketName(reply.ticket), std::move(reply.json));
  }
  library_changed_ |= effects.library_changed;
}

void FileDesk::Adopt(std::vector<fleet::Offer> offers) {
  for (const fleet::Offer& offer : offers) {
    Offer(offer);
  }
}

void FileDesk::OnPublish(const core::Publish& publish) {
  if (publish.topic.starts_with(responses_)) {
    Answer(publish.topic.substr(responses_.size()), publish.payload);
  }
}

void FileDesk::Sweep(const core::Core& core, const Instant& now) {
  if (now.mono < next_sweep_ && !library_changed_) {
    return;
  }
  next_sweep_ = now.mono + kSweepInterval;
  library_changed_ = false;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(offers_,
                  [&now](const auto& entry) { return entry.second.expires_at <= now.wall; });
  }
  const std::set<std::string> needed = core.NeededFiles();
  for (const std::string& sha256 : library_.List()) {
    if (!needed.contains(sha256) && IsOld(library_.PathOf(sha256), now)) {
      library_.Remove(sha256);
      LogInfo("library", "removed a file that nobody needs", {{"sha256", sha256}});
    }
  }
}

void FileDesk::Close() {
  inbox_.Close();
  const std::lock_guard lock(mutex_);
  for (auto& [name, promise] : waiting_) {
    promise.set_value("");
  }
  waiting_.clear();
}

}  // namespace printfleet::daemon
