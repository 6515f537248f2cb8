// What decoding a report costs, beside what RapidJSON alone needs for the same bytes. How to run
// and read it: README.md.
#include <benchmark/benchmark.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "protocol/decode.h"

namespace printfleet {
namespace {

constexpr std::string_view kDecode = "decode/";
constexpr std::string_view kParse = "rapidjson/";
constexpr size_t kPoolBytes = 64 * 1024;

struct Sample {
  std::string name;
  std::string topic;
  std::string payload;
};

// A sample of tests/fixtures/payloads, its payload without the blanks of the file.
Sample Load(const std::string& name, std::string_view type, const std::string& file) {
  const std::filesystem::path folder(PRINTFLEET_SOURCE_DIR "/tests/fixtures/payloads");
  std::ifstream in(folder / (file + ".json"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  json::Parser parser;
  const auto parsed = parser.Parse(bytes, json::Limits());
  CHECK(parsed.ok());
  const std::string head = "anycubic/anycubicCloud/v1/printer/public/20021/";
  return {name, head + "9347a110c5423fe412ce45533bfc10e6/" + std::string(type) + "/report",
          (*parsed)["payload"].Text()};
}

std::vector<Sample> Samples() {
  return {
      Load("temperature", "tempature", "anjomro_kobra-unleashed__report-tempature-auto-done__1"),
      Load("printing", "print", "systemik_Kobra3-Firmware__report-print-start-printing__1"),
      Load("status", "status", "jbatonnet_Rinkhals.apps__report-status-free__1"),
      Load("will", "lastWill", "jbatonnet_Rinkhals.apps__report-lastWill-online__1"),
      Load("version", "ota", "jbatonnet_Rinkhals.apps__report-ota-reportVersion__1"),
      Load("files", "file", "arcane-D7_Anycubic-Bridge-Pluggin__report-file-listLocal-done__1"),
  };
}

void Decode(benchmark::State& state, const Sample& sample) {
  protocol::Decoder decoder{json::Limits()};
  for ([[maybe_unused]] const auto turn : state) {
    benchmark::DoNotOptimize(decoder.Decode(sample.topic, sample.payload));
  }
}

// With its pool kept from turn to turn, as ours is: the most that RapidJSON can save.
void Parse(benchmark::State& state, const Sample& sample) {
  std::vector<char> pool(kPoolBytes);
  rapidjson::MemoryPoolAllocator<> allocator(pool.data(), pool.size());
  for ([[maybe_unused]] const auto turn : state) {
    rapidjson::Document document(&allocator);
    document.Parse(sample.payload.data(), sample.payload.size());
    benchmark::DoNotOptimize(document.HasParseError());
    allocator.Clear();
  }
}

// The table, and behind it how many times RapidJSON's median each decode's median is.
class Reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) {
        times_[run.run_name.function_name].push_back(run.GetAdjustedCPUTime());
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void Finalize() override {
    for (const auto& [name, times] : times_) {
      const auto parse = times_.find(std::string(kParse) + name.substr(name.find('/') + 1));
      if (name.starts_with(kDecode) && parse != times_.end()) {
        std::printf("%-20s %.2f times RapidJSON\n", name.c_str(),
                    Median(times) / Median(parse->second));
      }
    }
  }

 private:
  static double Median(std::vector<double> times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
  }

  std::map<std::string, std::vector<double>> times_;
};

}  // namespace
}  // namespace printfleet

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::vector<printfleet::Sample> samples = printfleet::Samples();
  for (const printfleet::Sample& sample : samples) {
    const std::string decode = std::string(printfleet::kDecode) + sample.name;
    const std::string parse = std::string(printfleet::kParse) + sample.name;
    benchmark::RegisterBenchmark(
        decode.c_str(), [&sample](benchmark::State& state) { printfleet::Decode(state, sample); });
    benchmark::RegisterBenchmark(
        parse.c_str(), [&sample](benchmark::State& state) { printfleet::Parse(state, sample); });
  }
  printfleet::Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
}
