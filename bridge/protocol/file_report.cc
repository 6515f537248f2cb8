#include "protocol/file_report.h"

#include "protocol/words.h"

namespace printfleet::protocol {
namespace {

constexpr std::array<Word<FileAction>, 5> kActions{
    {{"listLocal", FileAction::kListLocal},
     {"listUdisk", FileAction::kListUsb},
     {"deleteLocal", FileAction::kDeleteLocal},
     {"deleteUdisk", FileAction::kDeleteUsb},
     {"cloudRecommendList", FileAction::kRecommendList}}};

constexpr Range<int64_t> kSizeBytes{0, int64_t{1} << 50};
constexpr Range<int64_t> kEstimatedS{0, int64_t{366} * 24 * 3600};

// Record times are in milliseconds on some models and in seconds on others.
constexpr int64_t kSecondsBelow = 100'000'000'000;
constexpr Range<int64_t> kRecordTime{0, 4102444800000};  // to 2100

std::optional<WallTime> ModifiedAt(const Fields& record) {
  const std::optional<int64_t> timestamp = record.Int("timestamp", kRecordTime);
  if (!timestamp || *timestamp == 0) {
    return std::nullopt;
  }
  const int64_t ms = *timestamp < kSecondsBelow ? *timestamp * 1000 : *timestamp;
  return ms > kRecordTime.max ? std::nullopt : std::optional(FromEpochMs(ms));
}

void ReadRecord(const Fields& record, std::vector<FileRecord>& records) {
  const std::optional<std::string_view> filename = record.Content("filename");
  if (!filename) {
    record.Fail("filename", "missing or empty");
    return;
  }
  records.push_back({
      .filename = *filename,
      .size_bytes = record.Int("size", kSizeBytes),
      .modified_at = ModifiedAt(record),
      .is_directory = record.Bool("is_dir").value_or(false),
  });
}

RecommendRecord ReadRecommendation(const Fields& record) {
  return {
      .md5 = std::string(record.Text("md5").value_or("")),
      .url = std::string(record.Text("url").value_or("")),
      .size_bytes = record.Int("size", kSizeBytes),
      .image_url = std::string(record.Text("img_url").value_or("")),
      .estimated_s = record.Int("est_time", kEstimatedS),
  };
}

}  // namespace

FileReport ReadFileReport(const Message& message) {
  const Fields data = message.Data();
  FileReport report;
  report.action = message.Action(kActions, FileAction::kOther);
  report.done = message.done();
  if (report.action == FileAction::kRecommendList) {
    data.ForEach("records", [&report](const Fields& record) {
      report.recommended.push_back(ReadRecommendation(record));
    });
  } else if (report.action == FileAction::kListLocal || report.action == FileAction::kListUsb) {
    data.ForEach("records",
                 [&report](const Fields& record) { ReadRecord(record, report.records); });
  }
  return report;
}

}  // namespace printfleet::protocol
