#include "metrics/render.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>

namespace printfleet::metrics {
namespace {

bool Has(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

// Prometheus's own linter reads the page from standard input; what it says is in the failure.
void ExpectPromtoolAccepts(const std::string& page) {
  FILE* promtool = popen("promtool check metrics 2>&1", "w");
  ASSERT_NE(promtool, nullptr);
  fwrite(page.data(), 1, page.size(), promtool);
  EXPECT_EQ(pclose(promtool), 0) << page;
}

PrinterReading FullReading(const std::string& id) {
  PrinterReading printer;
  printer.id = id;
  printer.name = "a-03";
  printer.model = "K2Pro";
  printer.firmware = "3.1.0";
  printer.up = true;
  printer.state = "printing";
  printer.nozzle_temp_c = 210.5;
  printer.nozzle_target_c = 210;
  printer.bed_temp_c = 60;
  printer.bed_target_c = 60;
  printer.progress_ratio = 0.45;
  printer.remaining_s = 3600;
  printer.last_report_at = FromEpochMs(1700000000500);
  return printer;
}

Snapshot FullSnapshot() {
  Snapshot snapshot;
  snapshot.version = "0.1.0";
  snapshot.printers = {FullReading("p1"), FullReading("p2")};
  snapshot.printers[1].state = "idle";
  snapshot.counters.jobs[{"K2Pro", "finished"}] = 3;
  snapshot.counters.commands[{"print.stop", "succeeded"}] = 5;
  snapshot.counters.inbound_messages["report"] = 100;
  snapshot.counters.dead_letters["malformed"] = 2;
  snapshot.counters.field_errors[{"info", "data.temp"}] = 1;
  snapshot.counters.job_duration.Observe(7000);
  snapshot.counters.command_duration.Observe(0.8);
  snapshot.traffic.inbound_commit_duration.Observe(0.003);
  snapshot.traffic.inbound_commit_duration.Observe(60);
  snapshot.traffic.inbound_lag_s = 0.012;
  snapshot.certificates = {{"192.0.2.10:8883", "server", FromEpochMs(2'426'457'600'000)}};
  snapshot.broker.dropped_messages = 0;
  snapshot.broker.denied_messages = 4;
  snapshot.broker.refused_connections["login"] = 2;
  snapshot.data_dir_bytes = Fill{3e9, 4e9};
  snapshot.traffic.spool.messages = 2;
  snapshot.traffic.spool.oldest_age_s = 61.5;
  snapshot.traffic.spool.state = "disk_full";
  return snapshot;
}

TEST(Render, PromtoolAcceptsBothPages) {
  const Snapshot snapshot = FullSnapshot();
  ExpectPromtoolAccepts(RenderFleet(snapshot, ReadProcess()));
  ExpectPromtoolAccepts(RenderPrinters(snapshot));
}

TEST(Render, PromtoolAcceptsAnEmptyFleet) {
  ExpectPromtoolAccepts(RenderFleet(Snapshot(), std::nullopt));
  EXPECT_EQ(RenderPrinters(Snapshot()), "");
}

TEST(Render, FleetPageHasTheNamesThatDashboardsUse) {
  const std::string page = RenderFleet(FullSnapshot(), ReadProcess());
  EXPECT_TRUE(Has(page, "printfleet_printers{model=\"K2Pro\",state=\"printing\"} 1")) << page;
  EXPECT_TRUE(Has(page, "printfleet_printers{model=\"K2Pro\",state=\"idle\"} 1"));
  EXPECT_TRUE(Has(page, "printfleet_printers_pending 0"));
  EXPECT_TRUE(Has(page, "printfleet_jobs_total{model=\"K2Pro\",outcome=\"finished\"} 3"));
  EXPECT_TRUE(
      Has(page, "printfleet_commands_total{command=\"print.stop\",result=\"succeeded\"} 5"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_messages_total{result=\"report\"} 100"));
  EXPECT_TRUE(Has(page, "printfleet_dead_letters_total{reason=\"malformed\"} 2"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_lag_seconds 0.012"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_duplicates_total 0"));
  EXPECT_TRUE(Has(page, "printfleet_broker_dropped_messages_total 0"));
  EXPECT_TRUE(Has(page, "printfleet_broker_up 0"));
  EXPECT_TRUE(Has(page, "printfleet_database_up 0"));
  EXPECT_TRUE(Has(page, "printfleet_build_info{version=\"0.1.0\"} 1"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_commit_duration_seconds_bucket{le=\"0.0025\"} 0"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_commit_duration_seconds_bucket{le=\"0.005\"} 1"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_commit_duration_seconds_bucket{le=\"+Inf\"} 2"));
  EXPECT_TRUE(Has(page, "printfleet_inbound_commit_duration_seconds_count 2"));
  EXPECT_NE(page.find("process_resident_memory_bytes "), std::string::npos);
  EXPECT_TRUE(Has(page, "printfleet_bridge_deaf 0"));
  EXPECT_TRUE(Has(page, "printfleet_printers_offline_with_job{model=\"K2Pro\"} 0"));
  EXPECT_TRUE(Has(page, "printfleet_spool_messages 2"));
  EXPECT_TRUE(Has(page, "printfleet_spool_oldest_age_seconds 61.5"));
  EXPECT_TRUE(Has(page, "printfleet_spool_state{state=\"disk_full\"} 1"));
  EXPECT_TRUE(Has(page, "printfleet_data_dir_free_bytes 1000000000"));
  EXPECT_TRUE(Has(page, "printfleet_data_dir_size_bytes 4000000000"));
}

TEST(Render, WhatWasDeletedAndWhatIsGivenUp) {
  Snapshot snapshot;
  snapshot.shedding = {{"telemetry", true}, {"commits", false}};
  snapshot.maintenance.rows_deleted["events"] = 7;
  snapshot.maintenance.partitions_dropped["report_log"] = 2;
  snapshot.maintenance.failures = 1;
  std::string page = RenderFleet(snapshot, std::nullopt);
  EXPECT_TRUE(Has(page, "printfleet_disk_shedding{step=\"telemetry\"} 1")) << page;
  EXPECT_TRUE(Has(page, "printfleet_disk_shedding{step=\"commits\"} 0"));
  EXPECT_TRUE(Has(page, "printfleet_maintenance_rows_deleted_total{table=\"events\"} 7"));
  EXPECT_TRUE(Has(page, "printfleet_maintenance_partitions_dropped_total{table=\"report_log\"} 2"));
  EXPECT_TRUE(Has(page, "printfleet_maintenance_failures_total 1"));
  EXPECT_EQ(page.find("maintenance_last_success"), std::string::npos);
  snapshot.maintenance.finished_at = WallTime(seconds(1'700'000'000));
  page = RenderFleet(snapshot, std::nullopt);
  EXPECT_TRUE(Has(page, "printfleet_maintenance_last_success_timestamp_seconds 1700000000"));
}

TEST(Render, EveryMetricHasHelp) {
  std::istringstream lines(RenderFleet(FullSnapshot(), ReadProcess()) +
                           RenderPrinters(FullSnapshot()));
  int types = 0;
  std::string previous;
  for (std::string line; std::getline(lines, line); previous = line) {
    if (line.starts_with("# TYPE ")) {
      ++types;
      EXPECT_TRUE(previous.starts_with("# HELP ")) << line;
    }
  }
  EXPECT_GT(types, 40);
}

TEST(Render, APrinterHasAtMostTenSeries) {
  Snapshot snapshot;
  snapshot.printers = {FullReading("p1")};
  std::istringstream lines(RenderPrinters(snapshot));
  int series = 0;
  for (std::string line; std::getline(lines, line);) {
    series += line.starts_with("#") ? 0 : 1;
  }
  EXPECT_EQ(series, 10);
}

TEST(Render, ASilentPrintersReadingsGoAway) {
  Snapshot snapshot;
  snapshot.printers = {FullReading("p1")};
  snapshot.printers[0].up = false;
  snapshot.printers[0].state = "offline";
  const std::string page = RenderPrinters(snapshot);
  EXPECT_TRUE(Has(page, "printfleet_printer_up{printer_id=\"p1\"} 0")) << page;
  EXPECT_TRUE(Has(page, "printfleet_printer_state{printer_id=\"p1\",state=\"offline\"} 1"));
  EXPECT_TRUE(Has(
      page, "printfleet_printer_last_report_timestamp_seconds{printer_id=\"p1\"} 1700000000.5"));
  EXPECT_EQ(page.find("celsius"), std::string::npos);
  EXPECT_EQ(page.find("progress"), std::string::npos);
  EXPECT_EQ(page.find("remaining"), std::string::npos);
}

TEST(Render, WhatAPrinterHasNotSaidIsLeftOut) {
  Snapshot snapshot;
  snapshot.printers = {PrinterReading{}};
  snapshot.printers[0].id = "p1";
  snapshot.printers[0].up = true;
  snapshot.printers[0].bed_temp_c = 21;
  const std::string page = RenderPrinters(snapshot);
  EXPECT_TRUE(
      Has(page, "printfleet_printer_temperature_celsius{printer_id=\"p1\",sensor=\"bed\"} 21"));
  EXPECT_EQ(page.find("nozzle"), std::string::npos);
  EXPECT_EQ(page.find("target"), std::string::npos);
}

TEST(Render, OddNamesAreEscaped) {
  Snapshot snapshot;
  snapshot.printers = {FullReading("p\"1\\\n")};
  snapshot.printers[0].name = "Gerät \"7\"\\ {a=\"b\"} \xff";
  const std::string page = RenderPrinters(snapshot);
  ExpectPromtoolAccepts(page);
  EXPECT_TRUE(Has(page, "printfleet_printer_up{printer_id=\"p\\\"1\\\\\\n\"} 1")) << page;
  EXPECT_NE(page.find("name=\"Gerät \\\"7\\\"\\\\ {a=\\\"b\\\"} \xEF\xBF\xBD\""),
            std::string::npos);
}

TEST(Render, NumbersThatAreNoneHavePrometheusNames) {
  Snapshot snapshot;
  snapshot.printers = {FullReading("p1")};
  snapshot.printers[0].nozzle_temp_c = std::numeric_limits<double>::infinity();
  snapshot.printers[0].bed_temp_c = std::numeric_limits<double>::quiet_NaN();
  snapshot.printers[0].remaining_s = 1e21;
  const std::string page = RenderPrinters(snapshot);
  ExpectPromtoolAccepts(page);
  EXPECT_TRUE(
      Has(page, "printfleet_printer_temperature_celsius{printer_id=\"p1\",sensor=\"nozzle\"} +Inf"))
      << page;
  EXPECT_TRUE(
      Has(page, "printfleet_printer_temperature_celsius{printer_id=\"p1\",sensor=\"bed\"} NaN"));
  EXPECT_TRUE(Has(page, "printfleet_printer_print_remaining_seconds{printer_id=\"p1\"} 1e+21"));
}

TEST(Render, TenThousandPrintersTakeALimitedTime) {
  Snapshot snapshot;
  for (int i = 0; i < 10000; ++i) {
    snapshot.printers.push_back(FullReading("9347a110c5423fe412ce45533b" + std::to_string(i)));
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string page = RenderPrinters(snapshot);
  const auto took = std::chrono::steady_clock::now() - start;
  std::cout << "10,000 printers: " << page.size() / 1024 << " KiB in "
            << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
  EXPECT_LT(took, seconds(10));  // far below Prometheus's scrape timeout in a release build
}

TEST(ReadProcess, SaysPlausibleThings) {
  const std::optional<ProcessReading> process = ReadProcess();
  ASSERT_TRUE(process.has_value());
  EXPECT_GT(process->resident_bytes, 1e6);
  EXPECT_GE(process->open_fds, 3);
  EXPECT_GT(process->max_fds, process->open_fds);
  EXPECT_EQ(process->threads, 1);
  const double now_s = static_cast<double>(time(nullptr));
  EXPECT_NEAR(process->start_epoch_s, now_s, 600);
}

TEST(Render, WhoIsMissingAndWhy) {
  Snapshot snapshot = FullSnapshot();
  EXPECT_EQ(RenderFleet(snapshot, std::nullopt).find("printfleet_printers_offline{"),
            std::string::npos);
  snapshot.printers[0].offline_reason = snapshot.printers[1].offline_reason = "timeout";
  snapshot.printers[1].flapping = true;
  snapshot.printers[1].open_job = true;
  snapshot.deaf = true;
  snapshot.outage = {true, 30, 12};
  snapshot.counters.farm_outages = 2;
  const std::string page = RenderFleet(snapshot, std::nullopt);
  for (const char* line :
       {"printfleet_printers_offline{reason=\"timeout\"} 2", "printfleet_printers_flapping 1",
        "printfleet_printers_offline_with_job{model=\"K2Pro\"} 1", "printfleet_bridge_deaf 1",
        "printfleet_farm_outage 1", "printfleet_farm_outage_lost_printers 30",
        "printfleet_farm_outage_missing_printers 12", "printfleet_farm_outages_total 2",
        "printfleet_broker_denied_total 4",
        "printfleet_broker_refused_connections_total{reason=\"login\"} 2"}) {
    EXPECT_TRUE(Has(page, line)) << line << "\n" << page;
  }
  ExpectPromtoolAccepts(page);
}

}  // namespace
}  // namespace printfleet::metrics
