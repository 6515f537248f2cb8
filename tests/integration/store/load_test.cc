#include <gtest/gtest.h>

#include "cluster.h"
#include "rows.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

// Stores `batch`, and what another worker loads after it.
core::Loaded LoadAfter(Batch batch) {
  WorkerProbe writer(Cluster::Get().NewDatabaseName());
  writer.Start();
  EXPECT_EQ(writer.Commit(std::move(batch)), "committed") << writer.failure();
  writer.Destroy();
  WorkerProbe reader(writer.database());
  Connected connected = reader.Start(true);
  EXPECT_TRUE(connected.loaded);
  return connected.loaded.value_or(core::Loaded{});
}

TEST(Load, EmptyStoreIsEmpty) {
  WorkerProbe probe(Cluster::Get().NewDatabaseName());

  const Connected connected = probe.Start(true);

  ASSERT_TRUE(connected.loaded);
  EXPECT_TRUE(connected.loaded->printers.empty());
  EXPECT_EQ(connected.loaded->next_batch_seq, 1);
  EXPECT_EQ(connected.loaded->ledger, fleet::Ledger{});
}

TEST(Load, PrintersAreAsTheyWereWritten) {
  Batch batch = MakeFullBatch(4);
  core::RegistrationRow bare;
  bare.registration.id = "p2";
  bare.registration.first_seen_at = Noon();
  bare.registration.retired_at = Noon();
  bare.registration.enrolment = printer::Enrolment::kRetired;
  bare.last_seen_at = Noon();
  batch.rows.registrations.push_back(bare);
  const printer::Registration written = batch.rows.registrations[0].registration;
  const core::StatusRow status = batch.rows.statuses[0];

  const core::Loaded loaded = LoadAfter(std::move(batch));

  ASSERT_EQ(loaded.printers.size(), 2U);
  const printer::Registration& read = loaded.printers[0].registration;
  EXPECT_EQ(read.id, written.id);
  EXPECT_EQ(read.model_id, written.model_id);
  EXPECT_EQ(read.model, written.model);
  EXPECT_EQ(read.name, written.name);
  EXPECT_EQ(read.groups, written.groups);
  EXPECT_EQ(read.labels, written.labels);
  EXPECT_EQ(read.enrolment, written.enrolment);
  EXPECT_EQ(read.firmware, written.firmware);
  EXPECT_EQ(read.machine_version, written.machine_version);
  EXPECT_EQ(read.peripheral_version, written.peripheral_version);
  EXPECT_EQ(read.maintenance, written.maintenance);
  EXPECT_EQ(read.bed, written.bed);
  EXPECT_EQ(read.topic_form, written.topic_form);
  EXPECT_EQ(read.note, written.note);
  EXPECT_EQ(read.first_seen_at, written.first_seen_at);
  EXPECT_EQ(read.retired_at, written.retired_at);
  EXPECT_EQ(read.last_task_id, written.last_task_id);
  EXPECT_EQ(loaded.printers[0].last_seen_at, Noon());
  ASSERT_TRUE(loaded.printers[0].status);
  EXPECT_EQ(loaded.printers[0].status->online, status.online);
  EXPECT_EQ(loaded.printers[0].status->address, status.address);
  EXPECT_EQ(loaded.printers[0].status->state, status.state);
  EXPECT_EQ(loaded.printers[0].status->state_since, status.state_since);
  EXPECT_EQ(loaded.printers[0].status->readings, status.readings);
  EXPECT_EQ(loaded.printers[0].status->progress_ratio, status.progress_ratio);
  EXPECT_EQ(loaded.printers[0].status->job_id, status.job_id);
  EXPECT_EQ(loaded.printers[0].status->last_error, status.last_error);
  EXPECT_EQ(loaded.printers[0].status->reported_at, status.reported_at);
  EXPECT_EQ(loaded.printers[0].status->received_at, status.received_at);
  EXPECT_FALSE(loaded.printers[1].status);
  EXPECT_EQ(loaded.printers[1].registration.retired_at, Noon());
  EXPECT_EQ(loaded.printers[1].registration.maintenance, std::nullopt);
  EXPECT_EQ(loaded.next_batch_seq, 5);
}

TEST(Load, LedgerIsAsItWasWritten) {
  const Batch batch = MakeFullBatch(1);
  const fleet::Ledger written = *batch.rows.ledger;

  EXPECT_EQ(LoadAfter(batch).ledger, written);
}

TEST(Load, NotificationsThatWait) {
  Batch batch = MakeFullBatch(1);
  for (const auto state : {core::NotificationState::kSent, core::NotificationState::kFailed}) {
    batch.rows.notifications.push_back(MakeNotification(10 + static_cast<int64_t>(state)));
    batch.rows.notifications.back().state = state;
  }

  const core::Loaded loaded = LoadAfter(std::move(batch));

  ASSERT_EQ(loaded.notifications.size(), 1U);
  EXPECT_EQ(loaded.notifications[0], MakeNotification(4));
}

TEST(Load, OpenJobElseTheLatest) {
  Batch batch = MakeFullBatch(1);
  batch.rows.registrations.push_back(MakeRegistration("p2"));
  printer::Job later = MakeJob(18, "p1");
  later.state = printer::JobState::kEnded;
  later.outcome = printer::Outcome::kStopped;
  batch.rows.jobs.push_back(later);
  for (const int64_t id : {3, 9, 4}) {
    printer::Job ended = later;
    ended.id = JobId{id};
    ended.printer_id = "p2";
    batch.rows.jobs.push_back(ended);
  }

  const core::Loaded loaded = LoadAfter(std::move(batch));

  ASSERT_EQ(loaded.jobs.size(), 2U);
  const printer::Job written = MakeJob(17, "p1");
  const printer::Job& read = loaded.jobs[0];
  EXPECT_EQ(read.id, written.id);
  EXPECT_EQ(read.task_id, written.task_id);
  EXPECT_EQ(read.local_task, written.local_task);
  EXPECT_EQ(read.filename, written.filename);
  EXPECT_EQ(read.source, written.source);
  EXPECT_EQ(read.command_id, written.command_id);
  EXPECT_EQ(read.state, written.state);
  EXPECT_EQ(read.outcome, written.outcome);
  EXPECT_EQ(read.started_at, written.started_at);
  EXPECT_EQ(read.ended_at, written.ended_at);
  EXPECT_EQ(read.progress_ratio, written.progress_ratio);
  EXPECT_EQ(read.layer, written.layer);
  EXPECT_EQ(read.layers, written.layers);
  EXPECT_EQ(read.elapsed_s, written.elapsed_s);
  EXPECT_EQ(read.remaining_s, written.remaining_s);
  EXPECT_EQ(read.material_used_mm, written.material_used_mm);
  EXPECT_EQ(read.error_code, written.error_code);
  EXPECT_EQ(read.error_text, written.error_text);
  EXPECT_EQ(read.slice_params, written.slice_params);
  EXPECT_EQ(loaded.jobs[1].id, JobId{9});
  EXPECT_EQ(loaded.jobs[1].outcome, printer::Outcome::kStopped);
}

TEST(Load, OpenCommandsWithTheirExecutions) {
  Batch batch = MakeFullBatch(1);
  batch.rows.executions.push_back(MakeExecution(5, "p2"));
  batch.rows.executions.back().state = fleet::ExecutionState::kSkipped;
  batch.rows.executions.back().skip_reason = fleet::SkipReason::kBedNotClear;
  core::CommandRow done = MakeCommand(6);
  done.state = "done";
  done.finished_at = Noon();
  batch.rows.commands.push_back(done);

  const core::Loaded loaded = LoadAfter(std::move(batch));

  ASSERT_EQ(loaded.commands.size(), 1U);
  const core::CommandRow written = MakeCommand(5);
  const core::CommandRow& read = loaded.commands[0].row;
  EXPECT_EQ(read.id, written.id);
  EXPECT_EQ(read.author, written.author);
  EXPECT_EQ(read.request_id, written.request_id);
  EXPECT_EQ(read.command, written.command);
  EXPECT_EQ(read.target_json, written.target_json);
  EXPECT_EQ(read.args_json, written.args_json);
  EXPECT_EQ(read.options_json, written.options_json);
  EXPECT_EQ(read.state, written.state);
  EXPECT_EQ(read.target_hash, written.target_hash);
  EXPECT_EQ(read.body_digest, written.body_digest);
  EXPECT_EQ(read.reply_topic, written.reply_topic);
  EXPECT_EQ(read.correlation_data, written.correlation_data);
  EXPECT_EQ(read.reply_stream, written.reply_stream);
  EXPECT_EQ(read.created_at, written.created_at);
  EXPECT_EQ(read.deadline_at, written.deadline_at);
  ASSERT_EQ(loaded.commands[0].executions.size(), 2U);
  const fleet::Execution execution = MakeExecution(5, "p1");
  const fleet::Execution& loaded_execution = loaded.commands[0].executions[0];
  EXPECT_EQ(loaded_execution.key, execution.key);
  EXPECT_EQ(loaded_execution.printer_name, execution.printer_name);
  EXPECT_EQ(loaded_execution.state, execution.state);
  EXPECT_EQ(loaded_execution.task_id, execution.task_id);
  EXPECT_EQ(loaded_execution.job_id, execution.job_id);
  EXPECT_EQ(loaded_execution.code, execution.code);
  EXPECT_EQ(loaded_execution.message, execution.message);
  EXPECT_EQ(loaded_execution.result, execution.result);
  EXPECT_EQ(loaded_execution.attempts, execution.attempts);
  EXPECT_EQ(loaded_execution.msgid, execution.msgid);
  EXPECT_EQ(loaded_execution.sent_at, execution.sent_at);
  EXPECT_EQ(loaded.commands[0].executions[1].skip_reason, fleet::SkipReason::kBedNotClear);
  ASSERT_EQ(loaded.requests.size(), 2U);
  const auto& oldest = loaded.requests[1];  // the newest come first
  EXPECT_EQ(oldest.first, (fleet::RequestKey{"anna", "request-5"}));
  EXPECT_EQ(oldest.second.body, MessageDigest("body", "request-5"));
  EXPECT_EQ(oldest.second.command_id, CommandId{5});
}

TEST(Load, EveryWordIsOneTheSchemaKnows) {
  Batch batch = MakeFullBatch(1);
  for (int at = 0; at < printer::kStates; ++at) {
    const PrinterId id = "state" + std::to_string(at);
    batch.rows.registrations.push_back(MakeRegistration(id));
    batch.rows.statuses.push_back(MakeStatus(id));
    batch.rows.statuses.back().state = printer::Name(static_cast<printer::State>(at));
  }
  for (int at = 0; at <= static_cast<int>(printer::JobState::kSettling); ++at) {
    batch.rows.jobs.push_back(MakeJob(100 + at, "state" + std::to_string(at)));
    batch.rows.jobs.back().state = static_cast<printer::JobState>(at);
  }
  for (int at = 1; at <= static_cast<int>(printer::Outcome::kEndedUnknown); ++at) {
    batch.rows.jobs.push_back(MakeJob(200 + at, "p1"));
    batch.rows.jobs.back().state = printer::JobState::kEnded;
    batch.rows.jobs.back().outcome = static_cast<printer::Outcome>(at);
  }
  for (int at = 0; at <= static_cast<int>(fleet::ExecutionState::kSkipped); ++at) {
    batch.rows.executions.push_back(MakeExecution(5, "execution" + std::to_string(at)));
    batch.rows.executions.back().state = static_cast<fleet::ExecutionState>(at);
  }
  for (int at = 1; at <= static_cast<int>(fleet::SkipReason::kLimit); ++at) {
    batch.rows.executions.push_back(MakeExecution(5, "skip" + std::to_string(at)));
    batch.rows.executions.back().skip_reason = static_cast<fleet::SkipReason>(at);
  }

  const core::Loaded loaded = LoadAfter(std::move(batch));

  EXPECT_EQ(loaded.printers.size(), 1U + printer::kStates);
  EXPECT_EQ(loaded.jobs.size(), 12U);
  ASSERT_EQ(loaded.commands.size(), 1U);
  EXPECT_EQ(loaded.commands[0].executions.size(), 1U + 10U + 12U);
}

}  // namespace
}  // namespace printfleet::store
