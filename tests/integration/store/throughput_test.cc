// How fast batches go in. Prints; asserts only that they do.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "cluster.h"
#include "rows.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

constexpr int kBatches = 20;
constexpr int kReports = 1000;
constexpr int kPrinters = 500;
constexpr size_t kPayloadBytes = 500;

Batch MakeLoad(int64_t seq) {
  Batch batch;
  batch.seq = seq;
  batch.committed_at = Noon();
  for (int at = 0; at < kReports; ++at) {
    const int64_t report = seq * kReports + at;
    const PrinterId printer = "9347a110c5423fe412ce45533bf" + std::to_string(report % kPrinters);
    core::ReportRow row = MakeReport(report, Noon() + milliseconds(report));
    row.printer_id = printer;
    row.payload = "{\"pad\":\"" + std::string(kPayloadBytes, 'x') + "\"}";
    batch.digests[0].push_back(MessageDigest(printer, std::to_string(report)));
    batch.rows.reports.push_back(std::move(row));
    if (at < kPrinters) {
      batch.rows.statuses.push_back(MakeStatus(printer));
      if (seq == 1) {
        batch.rows.registrations.push_back(MakeRegistration(printer));
      }
      core::TelemetryRow telemetry;
      telemetry.printer_id = printer;
      telemetry.at = Noon();
      telemetry.readings = MakeStatus(printer).readings;
      batch.rows.telemetry.push_back(telemetry);
    }
  }
  return batch;
}

TEST(Throughput, TwentyBatchesOfAThousandReports) {
  Looker admin("postgres");
  admin.Rows("ALTER SYSTEM SET fsync = on");
  admin.Rows("SELECT pg_reload_conf()");
  ASSERT_TRUE(admin.WaitFor("SHOW fsync", "on"));
  WorkerProbe probe(Cluster::Get().NewDatabaseName());
  probe.Start();
  std::vector<Batch> batches;
  for (int64_t seq = 1; seq <= kBatches; ++seq) {
    batches.push_back(MakeLoad(seq));
  }

  const auto begin = std::chrono::steady_clock::now();
  for (Batch& batch : batches) {
    ASSERT_EQ(probe.Commit(std::move(batch)), "committed") << probe.failure();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;

  std::cout << kBatches << " batches of " << kReports
            << " reports (500 bytes), 500 status rows and "
            << "500 telemetry rows each: " << took.count() * 1000 / kBatches << " ms a batch, "
            << kBatches * kReports / took.count() << " reports/s\n";
  admin.Rows("ALTER SYSTEM RESET fsync");
  admin.Rows("SELECT pg_reload_conf()");
}

}  // namespace
}  // namespace printfleet::store
