#include "daemon/spool_desk.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace printfleet::daemon {
namespace {

size_t BytesOf(const spool::Item& item) {
  const auto* stop = std::get_if<core::StopRecord>(&item);
  return stop != nullptr ? stop->json.size() : 0;
}

}  // namespace

int64_t SpoolId(const spool::Item& item) {
  return std::visit([](const auto& each) { return each.spool_id; }, item);
}

void SpoolDesk::Adopt(const spool::Opened& opened) {
  doubts_ = opened.doubts;
  identity_ = identity();
  more_ = contents().reports + contents().records > 0;
  if (more_) {
    LogInfo("spool", "an earlier process left what the database does not have",
            {{"reports", contents().reports}, {"records", contents().records}});
  }
  TellCondition();
}

// -- Keeping --

void SpoolDesk::KeepRecord(spool::Item record, std::function<void(const Status&)> kept) {
  const uint64_t ticket = next_ticket_++;
  if (spool_.Append(ticket, {record})) {
    records_.emplace(ticket, Record{std::move(record), std::move(kept)});
    return;
  }
  KeepInMemory(std::move(record));
  kept(Error{Errc::kUnavailable, "the spool has too much to do"});
}

void SpoolDesk::KeepInMemory(spool::Item item) {
  if (std::holds_alternative<core::StopRecord>(item) &&
      unwritten_bytes_ + BytesOf(item) <= kUnwrittenBytesMax) {
    unwritten_bytes_ += BytesOf(item);
    unwritten_.push_back(std::move(item));
  }
}

bool SpoolDesk::KeepReports(std::vector<core::Message> reports, std::optional<int64_t> doubt_seq) {
  std::vector<spool::Item> items(std::make_move_iterator(reports.begin()),
                                 std::make_move_iterator(reports.end()));
  const uint64_t ticket = next_ticket_++;
  if (!spool_.Append(ticket, std::move(items), doubt_seq)) {
    return false;
  }
  if (doubt_seq) {
    doubts_.push_back(*doubt_seq);
  }
  reports_ticket_ = ticket;
  return true;
}

std::optional<Status> SpoolDesk::TakeReportsKept() {
  return std::exchange(reports_kept_, std::nullopt);
}

// One after the other, so that their order stays.
void SpoolDesk::EverySecond() {
  paused_ = false;
  while (!unwritten_.empty() && records_.empty()) {
    spool::Item item = unwritten_.front();
    const uint64_t ticket = next_ticket_++;
    if (!spool_.Append(ticket, {item})) {
      break;
    }
    unwritten_bytes_ -= BytesOf(item);
    unwritten_.pop_front();
    records_.emplace(ticket, Record{std::move(item), [](const Status&) {}});
  }
  if (std::exchange(settle_again_, false)) {
    AskToSettle();
  }
}

// -- Doubts --

void SpoolDesk::SettleDoubts(int64_t last_batch_seq) {
  for (const int64_t seq : std::vector<int64_t>(doubts_)) {
    Settle(seq, seq <= last_batch_seq);
  }
}

void SpoolDesk::Settle(int64_t batch_seq, bool committed) {
  if (std::find(doubts_.begin(), doubts_.end(), batch_seq) == doubts_.end()) {
    return;
  }
  settling_[batch_seq] = committed;
  settle_again_ |= !spool_.Settle(batch_seq, committed);
}

void SpoolDesk::AskToSettle() {
  for (const auto& [seq, committed] : settling_) {
    settle_again_ |= !spool_.Settle(seq, committed);
  }
}

// -- Reading back --

void SpoolDesk::Rewind() {
  fetched_.clear();
  answer_is_old_ = reading_;
  cursor_ = forgotten_;
  more_ = true;
}

void SpoolDesk::Fetch(size_t entries_max, size_t bytes_max) {
  if (reading_ || paused_ || !more_ || fetched_.size() >= entries_max) {
    return;
  }
  reading_ = spool_.Read(cursor_, entries_max, bytes_max);
}

const spool::Item* SpoolDesk::Peek() const {
  return fetched_.empty() ? nullptr : &fetched_.front();
}

spool::Item SpoolDesk::Take() {
  spool::Item item = std::move(fetched_.front());
  fetched_.pop_front();
  return item;
}

void SpoolDesk::Forget(const core::SpoolMark& mark) {
  store_mark_ = mark;
  if (mark.identity != identity_ || identity_.empty() || mark.through <= forgotten_) {
    return;
  }
  forgotten_ = mark.through;
  cursor_ = std::max(cursor_, mark.through);
  if (!spool_.Forget(mark.through)) {
    LogWarning("spool", "has too much to do to forget what is stored", {{"id", mark.through}});
  }
}

// -- What the spool says --

void SpoolDesk::OnEvents() {
  std::vector<spool::Event> events = spool_.TakeEvents();
  FollowIdentity();
  for (spool::Event& event : events) {
    std::visit([this](auto& each) { On(each); }, event);
  }
  TellCondition();
}

// Another file, with ids of its own: the old one could not be read and was set aside.
void SpoolDesk::FollowIdentity() {
  if (identity() == identity_ || identity().empty()) {
    return;
  }
  if (!identity_.empty()) {
    LogError("spool", "a file that cannot be read was set aside",
             {{"file", contents().set_aside}, {"trouble", contents().trouble}});
  }
  identity_ = identity();
  forgotten_ = 0;
  Forget(core::SpoolMark(store_mark_));
  Rewind();
}

void SpoolDesk::On(const spool::Appended& appended) {
  more_ = true;
  if (appended.ticket == reports_ticket_) {
    reports_ticket_ = 0;
    reports_kept_ = Ok{};
    return;
  }
  if (auto record = records_.extract(appended.ticket)) {
    record.mapped().kept(Ok{});
  }
}

void SpoolDesk::On(spool::AppendFailed& failed) {
  if (failed.ticket == reports_ticket_) {
    reports_ticket_ = 0;
    reports_kept_ = std::move(failed.error);
    return;
  }
  if (auto record = records_.extract(failed.ticket)) {
    KeepInMemory(std::move(record.mapped().item));
    record.mapped().kept(failed.error);
  }
}

void SpoolDesk::On(spool::Entries& entries) {
  reading_ = false;
  if (std::exchange(answer_is_old_, false)) {
    return;  // more_ says that there is something still
  }
  for (spool::Entry& entry : entries.entries) {
    cursor_ = entry.id;
    std::visit([&entry](auto& each) { each.spool_id = entry.id; }, entry.item);
    fetched_.push_back(std::move(entry.item));
  }
  more_ = !entries.last;
}

void SpoolDesk::On(const spool::ReadFailed& failed) {
  reading_ = false;
  answer_is_old_ = false;
  paused_ = true;
  LogError("spool", "cannot be read", {{"error", failed.error.message}});
}

void SpoolDesk::On(const spool::Settled& settled) {
  std::erase(doubts_, settled.batch_seq);
  settling_.erase(settled.batch_seq);
}

void SpoolDesk::On(const spool::SettleFailed& failed) {
  LogError("spool", "cannot note what became of a COMMIT; trying again",
           {{"seq", failed.batch_seq}, {"error", failed.error.message}});
  settle_again_ = true;
}

// Found out later than at the start: what an earlier process left, and what of ours is still there.
void SpoolDesk::On(const spool::Opened& opened) {
  for (const int64_t seq : opened.doubts) {
    if (std::find(doubts_.begin(), doubts_.end(), seq) == doubts_.end()) {
      doubts_.push_back(seq);
    }
  }
  more_ = true;
}

void SpoolDesk::On(const spool::Changed& /*changed*/) {}

void SpoolDesk::TellCondition() {
  if (contents().condition == told_) {
    return;
  }
  told_ = contents().condition;
  if (told_ == spool::Condition::kGood) {
    LogInfo("spool", "takes reports again");
  } else {
    LogError("spool", std::string(spool::Name(told_)), {{"trouble", contents().trouble}});
  }
}

}  // namespace printfleet::daemon
