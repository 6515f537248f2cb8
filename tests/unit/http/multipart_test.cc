#include "http/multipart.h"

#include <gtest/gtest.h>

namespace printfleet::http {
namespace {

using namespace std::string_literals;

// What was called, as text.
struct Calls {
  std::string text;

  MultipartReader::Callbacks Callbacks() {
    return {[this](std::string_view name, std::string_view value) -> Status {
              text += "field " + std::string(name) + "=" + std::string(value) + "\n";
              return Ok{};
            },
            [this](std::string_view name, std::string_view filename) -> Status {
              text += "file " + std::string(name) + " " + std::string(filename) + "<";
              return Ok{};
            },
            [this](std::string_view bytes) -> Status {
              text += bytes;
              return Ok{};
            },
            [this]() -> Status {
              text += ">\n";
              return Ok{};
            }};
  }
};

constexpr size_t kWhole = 1 << 20;

Result<std::string> Read(const std::string& form, size_t piece = kWhole) {
  Calls calls;
  MultipartReader reader("XyZ", calls.Callbacks());
  for (size_t at = 0; at < form.size(); at += piece) {
    if (auto added = reader.Add(std::string_view(form).substr(at, piece)); !added.ok()) {
      return added.error();
    }
  }
  if (auto finished = reader.Finish(); !finished.ok()) {
    return finished.error();
  }
  return calls.text;
}

std::string PartText(const std::string& disposition, const std::string& body) {
  return "--XyZ\r\nContent-Disposition: form-data; " + disposition +
         "\r\nContent-Type: application/octet-stream\r\n\r\n" + body + "\r\n";
}

constexpr char kEnd[] = "--XyZ--\r\n";

// As OctoPrint's clients send it.
std::string OctoPrintForm(const std::string& gcode) {
  return PartText("name=\"print\"", "true") +
         PartText("name=\"file\"; filename=\"a.gcode\"", gcode) + PartText("name=\"path\"", "") +
         kEnd;
}

TEST(Multipart, FieldsAndFilesInAnyOrder) {
  const auto read = Read(OctoPrintForm("G28\r\nG1 X1\r\n"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, "field print=true\nfile file a.gcode<G28\r\nG1 X1\r\n>\nfield path=\n");
}

TEST(Multipart, PiecesOfAnySizeAreTheSame) {
  // What looks like the beginning of a boundary, and is none.
  const std::string form = OctoPrintForm("\r\n--Xy\r\n--\r\r\n--XY\r\n\r\n-");
  const auto whole = Read(form);
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  for (size_t piece = 1; piece < 40; ++piece) {
    const auto read = Read(form, piece);
    ASSERT_TRUE(read.ok()) << piece << read.error().message;
    EXPECT_EQ(*read, *whole) << piece;
  }
}

TEST(Multipart, PreambleEpilogueAndPadding) {
  const auto read = Read(
      "for old readers\r\n--XyZ  \r\nContent-Disposition: form-data; name=a"
      "\r\n\r\n1\r\n--XyZ--\r\nand so on\r\n--XyZ\r\n");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, "field a=1\n");
  EXPECT_EQ(Read(kEnd).value(), "");
}

TEST(Multipart, AnEmptyPartMayShareItsLineEnd) {
  const std::string head = "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\n";
  EXPECT_EQ(Read(head + kEnd).value(), "field a=\n");
  EXPECT_EQ(Read(head + "\r\n" + kEnd, 1).value(), "field a=\n");
  EXPECT_EQ(Read(head + kEnd, 1).value(), "field a=\n");
}

TEST(Multipart, LargeFilesPass) {
  const std::string gcode(300'000, '\r');
  const auto read = Read(OctoPrintForm(gcode), 7001);
  ASSERT_TRUE(read.ok());
  EXPECT_NE(read->find(gcode), std::string::npos);
}

void ExpectError(const std::string& form, Errc code) {
  for (const size_t piece : {kWhole, size_t{1}}) {
    const auto read = Read(form, piece);
    ASSERT_FALSE(read.ok()) << form.substr(0, 200);
    EXPECT_EQ(read.error().code, code) << read.error().message;
  }
}

TEST(Multipart, BrokenFormsAreErrors) {
  const std::string form = OctoPrintForm("G28\n");
  for (const size_t size : {0U, 5U, 60U, 150U}) {
    ExpectError(form.substr(0, size), Errc::kMalformed);
  }
  ExpectError(form.substr(0, form.size() - 5), Errc::kMalformed);
  ExpectError("--XyZ\r\n\r\nbody\r\n--XyZ--", Errc::kMalformed);
  ExpectError("--XyZwrong\r\n", Errc::kMalformed);
  ExpectError("--XyZ" + std::string(500, ' ') + "\r\n", Errc::kMalformed);
  ExpectError("--XyZ\r\nno colon\r\n\r\nx\r\n--XyZ--", Errc::kMalformed);
  ExpectError(PartText("filename=\"a\"", "x") + kEnd, Errc::kMalformed);
  ExpectError(PartText("name=\"a", "x") + kEnd, Errc::kMalformed);
  ExpectError(std::string(100'000, 'x') + "\r\n" + form, Errc::kMalformed);
  ExpectError(
      "--XyZ\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; "
      "name=a\r\n\r\nx\r\n--XyZ--",
      Errc::kUnsupported);
}

TEST(Multipart, LimitsHold) {
  ExpectError("--XyZ\r\nX-Long: " + std::string(9000, 'x'), Errc::kRejected);
  ExpectError(PartText("name=a", std::string(20'000, 'x')), Errc::kRejected);
  std::string many;
  for (int i = 0; i < 101; ++i) {
    many += PartText("name=a", "x");
  }
  ExpectError(many + kEnd, Errc::kRejected);
}

TEST(Multipart, AnErrorOfTheCallerEndsIt) {
  Calls calls;
  auto callbacks = calls.Callbacks();
  callbacks.on_file_bytes = [](std::string_view) -> Status {
    return Error{Errc::kUnavailable, "full"};
  };
  MultipartReader reader("XyZ", callbacks);
  const auto added = reader.Add(OctoPrintForm("G28\n"));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().message, "full");
}

std::string FilenameOf(const std::string& parameters) {
  const auto part = ParsePart("content-disposition: form-data; name=\"f\"; " + parameters);
  return part.ok() ? part->filename.value_or("none") : part.error().message;
}

TEST(Disposition, NamesOfFiles) {
  EXPECT_EQ(FilenameOf("filename=\"a b.gcode\""), "a b.gcode");
  EXPECT_EQ(FilenameOf("filename=a.gcode"), "a.gcode");
  EXPECT_EQ(FilenameOf("FileName=\"\""), "");
  EXPECT_EQ(FilenameOf("size=3"), "none");
  EXPECT_EQ(FilenameOf("filename=\"w\xc3\xbcrfel.gcode\""), "w\xc3\xbcrfel.gcode");
  EXPECT_EQ(FilenameOf(R"(filename="a\"b\\c;d.gcode")"), R"(a"b\c;d.gcode)");
  EXPECT_EQ(FilenameOf(R"(filename="C:\prints\a.gcode")"), R"(C:\prints\a.gcode)");
  EXPECT_EQ(FilenameOf("filename=\"a%22b%41.gcode\""), "a\"b%41.gcode");
  EXPECT_EQ(FilenameOf("filename=\"plain\"; filename*=UTF-8''w%C3%BCrfel%20a.gcode"),
            "w\xc3\xbcrfel a.gcode");
  EXPECT_EQ(FilenameOf("filename*=utf-8'en'a.gcode; filename=plain"), "a.gcode");
  EXPECT_EQ(FilenameOf("filename*=iso-8859-1''w%FCrfel"), "w\xc3\xbcrfel");
  EXPECT_EQ(FilenameOf("filename*=koi8-r''x; filename=plain"), "plain");
  EXPECT_EQ(FilenameOf("filename*=koi8-r''x"),
            "a part's filename* is neither UTF-8 nor ISO-8859-1");
  EXPECT_EQ(FilenameOf("filename*=utf-8''100%"), "100%");
}

TEST(Disposition, Boundaries) {
  EXPECT_EQ(BoundaryOf("multipart/form-data; boundary=XyZ").value(), "XyZ");
  EXPECT_EQ(BoundaryOf("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\"").value(), "a b");
  for (const char* type : {"", "text/plain", "multipart/mixed; boundary=x"}) {
    EXPECT_EQ(BoundaryOf(type).error().code, Errc::kUnsupported) << type;
  }
  EXPECT_FALSE(BoundaryOf("multipart/form-data").ok());
  EXPECT_FALSE(BoundaryOf("multipart/form-data; boundary=").ok());
  EXPECT_FALSE(BoundaryOf("multipart/form-data; boundary=" + std::string(71, 'x')).ok());
}

}  // namespace
}  // namespace printfleet::http
