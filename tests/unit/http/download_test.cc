// /files/<token>/<filename>.
#include <thread>

#include "tests/unit/http/library_rig.h"

namespace printfleet::http {
namespace {

class DownloadTest : public LibraryRig {
 protected:
  // Far more than the buffers of a connection hold: who does not read it keeps its sender waiting.
  static constexpr size_t kLargeBytes = 32 << 20;

  // A printer that has asked, and reads no more than that it has got an answer.
  [[nodiscard]] int AskAndStop() const {
    const int file = Connect(port_);
    const std::string request = std::string("GET ") + kPath + " HTTP/1.1\r\nHost: h\r\n\r\n";
    EXPECT_EQ(send(file, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string start(12, '\0');
    EXPECT_EQ(recv(file, start.data(), start.size(), MSG_WAITALL), 12);
    EXPECT_EQ(start, "HTTP/1.1 200");
    return file;
  }
};

TEST_F(DownloadTest, TheWholeFile) {
  Start();
  ServeFile(300'000);
  const std::string answer = Get();
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(Contains(answer, "Content-Length: 300000\r\n"));
  EXPECT_TRUE(Contains(answer, "Content-Type: text/x-gcode\r\n"));
  EXPECT_TRUE(Contains(answer, "Accept-Ranges: bytes\r\n"));
  EXPECT_TRUE(Contains(answer,
                       "Content-Disposition: attachment; filename=\"__ b.gcode\"; "
                       "filename*=UTF-8''%c3%a4%20b.gcode\r\n"))
      << answer.substr(0, 500);
  EXPECT_EQ(BodyOf(answer), content_);
  const std::vector<Mark> marks = Marks();
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_EQ(marks[0].mark, DownloadMark::kFirstByte);
  EXPECT_EQ(marks[1], (Mark{"tok", DownloadMark::kLastByte, 300'000}));
  // Again: served, and not marked again.
  EXPECT_EQ(BodyOf(Get()), content_);
  EXPECT_EQ(Marks().size(), 2U);
  EXPECT_EQ(server_->traffic().bytes_sent, 600'000);
}

TEST_F(DownloadTest, HeadSendsNoByte) {
  Start();
  ServeFile(1000);
  const std::string answer = Get("", "HEAD");
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(Contains(answer, "Content-Length: 1000\r\n"));
  EXPECT_EQ(BodyOf(answer), "");
  EXPECT_TRUE(Marks().empty());
  EXPECT_EQ(server_->traffic().downloads, 0);
}

TEST_F(DownloadTest, Ranges) {
  Start();
  ServeFile(1000);
  const std::string part = Get("Range: bytes=100-199\r\n");
  EXPECT_TRUE(Begins(part, "HTTP/1.1 206 Partial Content\r\n")) << part;
  EXPECT_TRUE(Contains(part, "Content-Range: bytes 100-199/1000\r\n"));
  EXPECT_TRUE(Contains(part, "Content-Length: 100\r\n"));
  EXPECT_EQ(BodyOf(part), content_.substr(100, 100));
  EXPECT_EQ(BodyOf(Get("range: bytes=-10\r\n")), content_.substr(990));
  EXPECT_EQ(BodyOf(Get("Range: bytes=0-1,5-6\r\n")), content_);
  EXPECT_EQ(BodyOf(Get("Range: bytes=100-199\r\nIf-Range: \"x\"\r\n")), content_);
  const std::string behind = Get("Range: bytes=1000-\r\n");
  EXPECT_TRUE(Begins(behind, "HTTP/1.1 416 ")) << behind;
  EXPECT_TRUE(Contains(behind, "Content-Range: bytes */1000\r\n")) << behind;
  EXPECT_TRUE(Contains(behind, "{\"error\":"));
}

TEST_F(DownloadTest, PartsMakeAWhole) {
  Start();
  ServeFile(1000);
  Get("Range: bytes=500-\r\n");
  ASSERT_EQ(Marks().size(), 1U);
  EXPECT_EQ(Marks()[0], (Mark{"tok", DownloadMark::kFirstByte, 500}));
  Get("Range: bytes=0-498\r\n");
  EXPECT_EQ(Marks().size(), 1U);
  Get("Range: bytes=400-600\r\n");
  ASSERT_EQ(Marks().size(), 2U);
  EXPECT_EQ(Marks()[1], (Mark{"tok", DownloadMark::kLastByte, 1000}));
}

TEST_F(DownloadTest, OtherAddressesAre404) {
  Start();
  ServeFile(1000);
  for (const char* path : {"/files/tok/a.gcode", "/files/other/%C3%A4%20b.gcode", "/files/tok/",
                           "/files/tok", "/files/", "/files/tok/../../etc/passwd",
                           "/files/tok/..%2F..%2Fserved", "/files/tok/x%2F%C3%A4%20b.gcode"}) {
    const std::string answer = Ask(port_, "GET", path);
    EXPECT_TRUE(Begins(answer, "HTTP/1.1 404 ")) << path << answer;
    EXPECT_TRUE(Contains(answer, "{\"error\":")) << path << answer;
  }
}

TEST_F(DownloadTest, AFileThatIsNotAsTheStoreSaysIsA500) {
  Start();
  ServeFile(1000);
  file_->size_bytes = 1001;
  EXPECT_TRUE(Begins(Get(), "HTTP/1.1 500 "));
  file_->path += ".gone";
  EXPECT_TRUE(Begins(Get(), "HTTP/1.1 500 "));
}

TEST_F(DownloadTest, WhoDoesNotReadHoldsUpNobodyElse) {
  http_.stall_timeout = seconds(1);
  Start();
  ServeFile(kLargeBytes);
  const int first = AskAndStop();
  const int second = AskAndStop();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(Begins(Ask(port_, "GET", "/healthz"), "HTTP/1.1 200 "));
  EXPECT_TRUE(Begins(Ask(port_, "GET", "/metrics"), "HTTP/1.1 200 "));
  EXPECT_TRUE(Begins(Get("", "HEAD"), "HTTP/1.1 200 "));
  const std::string third = Get();
  EXPECT_TRUE(Begins(third, "HTTP/1.1 503 ")) << third;
  EXPECT_TRUE(Contains(third, "Retry-After: ")) << third;
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(1));
  EXPECT_EQ(server_->traffic().refused_busy, 1);
  // They are cut, and there is room again.
  while (server_->traffic().downloads_active > 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server_->traffic().downloads_broken, 2);
  EXPECT_EQ(BodyOf(Get()).size(), kLargeBytes);
  close(first);
  close(second);
}

TEST_F(DownloadTest, WhoVanishesComesBackForTheRest) {
  Start();
  ServeFile(kLargeBytes);
  const int file = AskAndStop();
  std::string got(5 << 20, '\0');
  got.resize(static_cast<size_t>(recv(file, got.data(), got.size(), MSG_WAITALL)));
  close(file);
  got = BodyOf(got);
  const std::string rest = Get("Range: bytes=" + std::to_string(got.size()) + "-\r\n");
  EXPECT_TRUE(Begins(rest, "HTTP/1.1 206 "));
  EXPECT_TRUE(got + BodyOf(rest) == content_);
  ASSERT_EQ(Marks().size(), 2U);
  EXPECT_EQ(Marks()[1], (Mark{"tok", DownloadMark::kLastByte, int64_t{kLargeBytes}}));
}

TEST_F(DownloadTest, KeepsToItsRate) {
  http_.stream_bytes_per_second_max = 100'000;
  Start();
  ServeFile(50'000);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(BodyOf(Get()), content_);
  // All but the last piece have taken their time.
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(350));
}

TEST_F(DownloadTest, AStopBreaksOff) {
  http_.stream_bytes_per_second_max = 1;  // it would take a year
  Start();
  ServeFile(kLargeBytes);
  const int file = AskAndStop();
  const auto before = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
  EXPECT_LT(ReadToEnd(file).size(), 100'000U);
  close(file);
}

}  // namespace
}  // namespace printfleet::http
