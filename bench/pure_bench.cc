// What the pure layers cost a report: the digest that knows it again, and core's step from bytes to
// rows, batch by batch as the daemon does it, with the allocations of each part counted. How to run
// and read it: README.md.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/digest.h"
#include "base/json.h"
#include "core/core.h"

namespace {

size_t allocations = 0;  // one thread

}  // namespace

void* operator new(size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace printfleet {
namespace {

constexpr size_t kPrinters = 1000;
constexpr size_t kBatch = 1000;
constexpr size_t kBatches = 16;
constexpr milliseconds kBatchTime{100};
constexpr std::string_view kTopicHead = "anycubic/anycubicCloud/v1/printer/public/20021/";

std::string Payload(const std::string& file) {
  const std::filesystem::path folder(PRINTFLEET_SOURCE_DIR "/tests/fixtures/payloads");
  std::ifstream in(folder / (file + ".json"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  json::Parser parser;
  const auto parsed = parser.Parse(bytes, json::Limits());
  CHECK(parsed.ok());
  return (*parsed)["payload"].Text();
}

void Replace(std::string& text, std::string_view key, const std::string& value) {
  const size_t at = text.find(key);
  CHECK(at != std::string::npos);
  const size_t begin = at + key.size();
  const size_t end = text.find_first_of(",}", begin);
  text.replace(begin, end - begin, value);
}

// kBatches times kBatch messages of kPrinters printers, each its own bytes.
std::vector<std::vector<core::Message>> Messages(std::string_view type, const std::string& file,
                                                 std::string_view changing) {
  const std::string sample = Payload(file);
  std::vector<std::vector<core::Message>> batches(kBatches);
  for (size_t i = 0; i < kBatches * kBatch; ++i) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%032zx", i % kPrinters);
    core::Message message;
    message.topic = std::string(kTopicHead) + text.data() + "/" + std::string(type) + "/report";
    std::string payload = sample;
    std::snprintf(text.data(), text.size(), "\"00000000-0000-0000-0000-%012zx\"", i);
    Replace(payload, "\"msgid\":", text.data());
    Replace(payload, changing, std::to_string(20 + i / kBatch));
    message.payload = payload;
    message.digest = MessageDigest(message.topic, message.payload);
    batches[i / kBatch].push_back(std::move(message));
  }
  return batches;
}

// A core that is live: as the daemon has it when both sessions are up.
class Live {
 public:
  Live() {
    settings_.fleet.enrolment = settings::Enrolment::kAuto;
    // The same messages come again after kBatches batches.
    settings_.inbound.duplicate_window_messages = kBatch * kBatches / 2;
    settings::Model model;
    model.id = "20021";
    model.name = "K2Pro";
    models_.Add(model);
    core_ = std::make_unique<core::Core>(settings_, models_, error_codes_, users_, 1);
    for (const core::Session session : {core::Session::kReports, core::Session::kCommands}) {
      core_->links().OnUp(session, now());
      core_->Step(core::SessionUp{session}, now());
    }
    End();
  }

  [[nodiscard]] Instant now() const {
    return {FromEpochMs(1'767'225'600'000 + now_ms_), MonoTime(milliseconds(now_ms_))};
  }

  // The time of the next batch, in which heartbeats are heard.
  void Advance() {
    now_ms_ += kBatchTime.count();
    if (auto heartbeat = core_->Heartbeat(now())) {
      for (const core::Session session : {core::Session::kReports, core::Session::kCommands}) {
        core::Message beat;
        beat.session = session;
        beat.topic = heartbeat->topic;
        beat.payload = heartbeat->payload;
        beat.received = now();
        core_->Receive(beat);
      }
    }
  }

  void Receive(core::Message& message) {
    message.received = now();
    core_->Receive(message);
  }

  void Step(const core::Event& event) { core_->Step(event, now()); }

  void End() {
    const core::Effects effects = core_->Seal(now());
    benchmark::DoNotOptimize(effects.rows.reports.size());
    core_->Merge(now());
  }

 private:
  int64_t now_ms_ = 1'000'000;
  settings::Settings settings_;
  settings::ModelRegistry models_;
  settings::ErrorCodes error_codes_;
  settings::Users users_;
  std::unique_ptr<core::Core> core_;
};

void Step(benchmark::State& state, const std::vector<std::vector<core::Message>>& batches) {
  Live live;
  size_t number = 0;
  size_t stepping = 0;
  size_t ending = 0;
  size_t reports = 0;
  const auto run_batch = [&](std::vector<core::Event>& events) {
    size_t before = allocations;
    for (const core::Event& event : events) {
      live.Step(event);
    }
    stepping += allocations - before;
    before = allocations;
    live.End();
    ending += allocations - before;
    reports += events.size();
  };
  const auto next_batch = [&] {
    live.Advance();
    std::vector<core::Event> events;
    for (const core::Message& message : batches[number++ % kBatches]) {
      events.emplace_back(message);
      live.Receive(std::get<core::Message>(events.back()));
    }
    return events;
  };
  for (size_t i = 0; i < kBatches; ++i) {
    std::vector<core::Event> events = next_batch();
    run_batch(events);
  }
  stepping = ending = reports = 0;
  while (state.KeepRunningBatch(kBatch)) {
    state.PauseTiming();
    std::vector<core::Event> events = next_batch();
    state.ResumeTiming();
    run_batch(events);
    state.PauseTiming();
    events.clear();
    state.ResumeTiming();
  }
  const auto each = static_cast<double>(reports);
  state.counters["allocations"] = static_cast<double>(stepping) / each;
  state.counters["batch_end_allocations"] = static_cast<double>(ending) / each;
}

void DigestOf(benchmark::State& state, const std::vector<std::vector<core::Message>>& batches) {
  const core::Message& message = batches.front().front();
  for ([[maybe_unused]] const auto turn : state) {
    benchmark::DoNotOptimize(MessageDigest(message.topic, message.payload));
  }
}

}  // namespace
}  // namespace printfleet

int main(int argc, char** argv) {
  using printfleet::Messages;
  benchmark::Initialize(&argc, argv);
  const auto temperature =
      Messages("tempature", "anjomro_kobra-unleashed__report-tempature-auto-done__1",
               "\"curr_nozzle_temp\":");
  const auto printing = Messages(
      "print", "systemik_Kobra3-Firmware__report-print-start-printing__1", "\"progress\":");
  for (const auto& [name, batches] :
       {std::pair("temperature", &temperature), std::pair("printing", &printing)}) {
    benchmark::RegisterBenchmark(
        (std::string("step/") + name).c_str(),
        [batches = batches](benchmark::State& state) { printfleet::Step(state, *batches); });
    benchmark::RegisterBenchmark(
        (std::string("digest/") + name).c_str(),
        [batches = batches](benchmark::State& state) { printfleet::DigestOf(state, *batches); });
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
