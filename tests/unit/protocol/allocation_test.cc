// A warm decoder allocates nothing for the reports that printers send all the time. Counts every
// allocation of this program: the C library's functions are what operator new and RapidJSON call.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "protocol/decode.h"
#include "tests/unit/protocol/fixtures.h"

// A sanitizer has replaced them itself: there is nothing to count then, and no test. clang says so
// in its own way.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

size_t allocations = 0;

}  // namespace

extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
}

namespace printfleet::protocol {
namespace {

struct Sample {
  std::string topic;
  std::string payload;
};

Sample Of(std::string_view type, std::string_view payload) {
  return {std::string("anycubic/anycubicCloud/v1/printer/public/20021/"
                      "9347a110c5423fe412ce45533bfc10e6/") +
              std::string(type) + "/report",
          std::string(payload)};
}

std::vector<Sample> FrequentReports() {
  std::vector<Sample> samples;
  for (const Fixture& fixture : Fixtures()) {
    const bool print = fixture.file.find("report-print-") != std::string::npos;
    const bool temperature = fixture.file.find("report-tempature-") != std::string::npos;
    if (print || temperature) {
      samples.push_back({PublicTopic(fixture), fixture.payload});
    }
  }
  samples.push_back(Of("print", R"({"type":"print","action":"start","state":"printing",
      "msgid":"cc080f13-81e8-4326-8abb-6310725d4465","timestamp":1705245340137,"code":200,
      "msg":"done","data":{"taskid":89470925,"localtask":"0b7c1f3e-4f1e-4a0e-8d6f-3a6d9c2b1e55",
      "filename":"a name that is longer than any small string \\u00e9.gcode","progress":"42",
      "curr_layer":3,"total_layers":45,"print_time":1.933,"remain_time":102,
      "supplies_usage":4903.25,"slicer":"x","settings":{"fan_speed_pct":100,"z_comp":"0.05"}}})"));
  samples.push_back(Of("status", R"({"type":"status","action":"workReport","state":"free",
      "msgid":"0b7c1f3e-4f1e-4a0e-8d6f-3a6d9c2b1e55","data":null,"code":200,"msg":""})"));
  return samples;
}

TEST(Allocation, AWarmDecoderAllocatesNothing) {
  const std::vector<Sample> samples = FrequentReports();
  ASSERT_GE(samples.size(), 10U);
  Decoder decoder{json::Limits()};
  for (const Sample& sample : samples) {
    ASSERT_TRUE(std::holds_alternative<Report>(decoder.Decode(sample.topic, sample.payload)));
  }
  for (const Sample& sample : samples) {
    const size_t before = allocations;
    const auto decoded = decoder.Decode(sample.topic, sample.payload);
    const size_t after = allocations;
    EXPECT_TRUE(std::holds_alternative<Report>(decoded));
    EXPECT_EQ(after - before, 0U) << sample.payload;
  }
}

TEST(Allocation, IsSeenWhereThereIsOne) {
  Decoder decoder{json::Limits()};
  const Sample list = Of("file", R"({"action":"listLocal","data":{"records":[{"filename":"a"}]}})");
  ASSERT_TRUE(std::holds_alternative<Report>(decoder.Decode(list.topic, list.payload)));
  const size_t before = allocations;
  const auto decoded = decoder.Decode(list.topic, list.payload);
  EXPECT_EQ(allocations - before, 1U);  // the vector of records
}

}  // namespace
}  // namespace printfleet::protocol

#endif
