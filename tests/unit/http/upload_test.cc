// PUT /library/<name>.
#include <stdexcept>
#include <thread>

#include "tests/unit/http/library_rig.h"

namespace printfleet::http {
namespace {

using namespace std::string_literals;

class UploadTest : public LibraryRig {
 protected:
  UploadTest() {
    limits_.file_bytes_max = 1 << 20;
    http_.stall_timeout = seconds(1);
    Start();
  }

  static std::string Head(const std::string& headers) {
    return "PUT /library/a.gcode HTTP/1.1\r\nHost: h\r\nX-Api-Key: good\r\n" + headers + "\r\n";
  }

  // Sends, says that no more comes, and reads the answer.
  [[nodiscard]] std::string TalkAndEnd(const std::string& request) const {
    const int file = Connect(port_);
    EXPECT_EQ(send(file, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    shutdown(file, SHUT_WR);
    const std::string answer = ReadToEnd(file);
    close(file);
    return answer;
  }
};

TEST_F(UploadTest, IsStoredAndGivenToCore) {
  const std::string answer = Put("/library/w%C3%BCrfel%20a.gcode", kGcode);
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 201 Created\r\n")) << answer;
  EXPECT_EQ(BodyOf(answer), "{\"artifact_id\":1}\n");
  ASSERT_EQ(library_->List().size(), 1U);
  EXPECT_EQ(added_, std::vector{"ann würfel a.gcode " + library_->List()[0]});
  EXPECT_EQ(server_->traffic().uploads, 1);
  EXPECT_EQ(server_->traffic().bytes_received, static_cast<int64_t>(sizeof(kGcode) - 1));
}

TEST_F(UploadTest, TheKeyDecides) {
  ExpectRefused(Put("/library/a.gcode", kGcode, ""), 401);
  ExpectRefused(Put("/library/a.gcode", kGcode, "X-Api-Key: bad\r\n"), 401);
  ExpectRefused(Put("/library/a.gcode", kGcode, "Authorization: Basic good\r\n"), 401);
  ExpectRefused(Put("/library/a.gcode", kGcode, "X-Api-Key: viewing\r\n"), 403);
  EXPECT_EQ(server_->traffic().refused_key, 4);
  EXPECT_TRUE(added_.empty());
  EXPECT_TRUE(
      Begins(Put("/library/a.gcode", kGcode, "authorization: Bearer good\r\n"), "HTTP/1.1 201 "));
}

TEST_F(UploadTest, AWrongKeyIsToldAlsoToWhoSendsFirst) {
  ExpectRefused(Put("/library/a.gcode", std::string(1 << 20, ';'), "X-Api-Key: bad\r\n"), 401);
}

TEST_F(UploadTest, PathsAreNoNames) {
  for (const char* path : {"/library/a%2Fb.gcode", "/library/a%5Cb.gcode", "/library/x/../a.gcode",
                           "/library/x/a.gcode", "/library/"}) {
    ExpectRefused(Put(path, kGcode), 400);
  }
  for (const char* path : {"/library/../a.gcode", "/library/..%2Fa.gcode",
                           "/library/..%2F..%2Fetc%2Fa.gcode", "/library"}) {
    const std::string answer = Put(path, kGcode);
    EXPECT_TRUE(Begins(answer, "HTTP/1.1 4")) << answer;
    EXPECT_TRUE(Contains(answer, "{\"error\":\"")) << answer;
  }
  EXPECT_TRUE(library_->List().empty());
}

TEST_F(UploadTest, WhatIsNotGcodeIsRefused) {
  const std::string zip = Put("/library/a.gcode", "PK\x03\x04 and so on"s);
  ExpectRefused(zip, 415);
  EXPECT_TRUE(Contains(zip, "zip archive")) << zip;
  ExpectRefused(Put("/library/a.stl", kGcode), 415);
  ExpectRefused(Put("/library/a.gcode", ""), 415);
  EXPECT_EQ(server_->traffic().refused_type, 3);
}

TEST_F(UploadTest, TooLargeIsRefused) {
  ExpectRefused(Put("/library/a.gcode", std::string((1 << 20) + 1, ';')), 413);
  std::string chunks = Head("Transfer-Encoding: chunked\r\n");
  for (int i = 0; i < 20; ++i) {
    chunks += "10000\r\n" + std::string(0x10000, '\n') + "\r\n";
  }
  ExpectRefused(Talk(port_, chunks + "0\r\n\r\n"), 413);
  EXPECT_EQ(server_->traffic().refused_too_large, 2);
}

TEST_F(UploadTest, WithoutLengthIsRefused) {
  ExpectRefused(TalkAndEnd(Head("")), 411);
}

TEST_F(UploadTest, ChunksAreAFileToo) {
  const std::string answer = Talk(
      port_, Head("Transfer-Encoding: chunked\r\n") + "4\r\nG28\n\r\n6\r\nG1 X1\n\r\n0\r\n\r\n");
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 201 ")) << answer;
  EXPECT_EQ(library_->BytesUsed(), 10);
}

TEST_F(UploadTest, HalfOfAFileIsNone) {
  ExpectRefused(TalkAndEnd(Head("Content-Length: 500\r\n") + kGcode), 408);
  ExpectRefused(TalkAndEnd(Head("Transfer-Encoding: chunked\r\n") + "4\r\nG28\n\r\n6\r\nG1"), 408);
  ExpectRefused(TalkAndEnd(Head("Transfer-Encoding: chunked\r\n") + "4\r\nG28\n\r\n"), 408);
  EXPECT_TRUE(added_.empty());
}

TEST_F(UploadTest, WhoStallsIsCut) {
  ExpectRefused(Talk(port_, Head("Content-Length: 500\r\n") + kGcode), 408);
}

TEST_F(UploadTest, ContinueComesWhenTheFileIsWanted) {
  const std::string expect = "Expect: 100-continue\r\nContent-Length: 14\r\n";
  const int file = Connect(port_);
  const std::string head = Head(expect);
  send(file, head.data(), head.size(), MSG_NOSIGNAL);
  const std::string wanted = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string got(wanted.size(), '\0');
  EXPECT_EQ(recv(file, got.data(), got.size(), MSG_WAITALL), static_cast<ssize_t>(wanted.size()));
  EXPECT_EQ(got, wanted);
  send(file, kGcode, sizeof(kGcode) - 1, MSG_NOSIGNAL);
  EXPECT_TRUE(Begins(ReadToEnd(file), "HTTP/1.1 201 "));
  close(file);
  // Refused before a byte of it was sent.
  EXPECT_TRUE(Begins(Talk(port_, "PUT /library/b.gcode HTTP/1.1\r\nHost: h\r\n" + expect + "\r\n"),
                     "HTTP/1.1 401 "));
}

TEST_F(UploadTest, WhatCoreRefusesGoesAgain) {
  added_answer_ = [] { return ErrorAnswer(507, "no"); };
  ExpectRefused(Put("/library/a.gcode", kGcode), 507);
  added_answer_ = []() -> Answer { throw std::runtime_error("broken"); };
  ExpectRefused(Put("/library/a.gcode", kGcode), 500);
}

TEST_F(UploadTest, OtherMethodsAreNamed) {
  const std::string answer = Ask(port_, "GET", "/library/a.gcode");
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 405 ")) << answer;
  EXPECT_TRUE(Contains(answer, "Allow: PUT\r\n")) << answer;
}

TEST_F(UploadTest, UploadsThatStallDoNotHoldUpHealth) {
  std::vector<int> files;
  for (int i = 0; i < http_.uploads_max; ++i) {
    files.push_back(Connect(port_));
    const std::string head = Head("Content-Length: 500\r\n");
    send(files.back(), head.data(), head.size(), MSG_NOSIGNAL);
  }
  while (server_->traffic().uploads_active < http_.uploads_max) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(Begins(Ask(port_, "GET", "/healthz"), "HTTP/1.1 200 "));
  const std::string busy = Put("/library/a.gcode", kGcode);
  EXPECT_TRUE(Begins(busy, "HTTP/1.1 503 ")) << busy;
  EXPECT_TRUE(Contains(busy, "Retry-After: ")) << busy;
  for (const int file : files) {
    close(file);
  }
}

class FullTest : public LibraryRig {};

TEST_F(FullTest, AFullLibraryAndAFullDiskAre507) {
  limits_.bytes_max = 1000;
  Start();
  const std::string full = Put("/library/a.gcode", std::string(1001, ';'));
  ExpectRefused(full, 507);
  EXPECT_TRUE(Contains(full, "library.bytes_max")) << full;
  limits_.free_bytes_min = int64_t{1} << 50;
  server_.reset();
  Start();
  const std::string no_disk = Put("/library/a.gcode", kGcode);
  ExpectRefused(no_disk, 507);
  EXPECT_TRUE(Contains(no_disk, "library.free_bytes_min")) << no_disk;
  EXPECT_EQ(server_->traffic().refused_full, 1);
}

}  // namespace
}  // namespace printfleet::http
