// A server with the library's routes, a library in a folder of its own, and hooks that remember.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "http/library_routes.h"
#include "http/server.h"
#include "tests/unit/http/client.h"

namespace printfleet::http {

struct Mark {
  std::string token;
  DownloadMark mark;
  int64_t bytes;

  bool operator==(const Mark&) const = default;
};

class LibraryRig : public testing::Test {
 protected:
  LibraryRig() {
    std::string name = testing::TempDir() + "routes-XXXXXX";
    folder_ = mkdtemp(name.data());
    limits_.free_bytes_min = 0;
    http_.listeners[0].port = 0;
    http_.worker_threads = 1;
    http_.streams_max = 2;
    http_.uploads_max = 2;
  }

  ~LibraryRig() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    auto opened = library::Library::Open(folder_, limits_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    library_ = std::move(*opened);
    Pages pages;
    pages.metrics = [] { return std::string("metric 1\n"); };
    pages.printer_metrics = pages.metrics;
    pages.readiness = [] { return Readiness{true, "", {}}; };
    auto started = Server::Start(http_, pages, MakeLibraryRoutes(*library_, Hooks(), http_));
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(*started);
    port_ = server_->ports()[0];
  }

  LibraryHooks Hooks() {
    LibraryHooks hooks;
    hooks.caller = [](std::string_view key) -> std::optional<Caller> {
      if (key == "good") {
        return Caller{"ann", settings::Role::kOperator};
      }
      return key == "viewing" ? std::optional(Caller{"vic", settings::Role::kViewer})
                              : std::nullopt;
    };
    hooks.added = [this](const Caller& caller, const library::Stored& stored) {
      const std::lock_guard lock(mutex_);
      added_.push_back(caller.user + " " + stored.name + " " + stored.sha256);
      return added_answer_ ? added_answer_()
                           : Answer{201, "application/json", "{\"artifact_id\":1}\n"};
    };
    hooks.download = [this](std::string_view token,
                            std::string_view filename) -> std::optional<Download> {
      return token == "tok" && filename == "ä b.gcode" ? file_ : std::nullopt;
    };
    hooks.mark = [this](std::string_view token, DownloadMark mark, int64_t bytes) {
      const std::lock_guard lock(mutex_);
      marks_.push_back({std::string(token), mark, bytes});
      changed_.notify_all();
    };
    return hooks;
  }

  // A file that /files/tok/… serves.
  void ServeFile(size_t size) {
    content_.clear();
    while (content_.size() < size) {
      content_ += "G1 X" + std::to_string(content_.size()) + "\n";
    }
    content_.resize(size);
    const std::string path = folder_ + "/served";
    std::ofstream(path, std::ios::binary) << content_;
    file_ = Download{path, static_cast<int64_t>(size), "text/x-gcode"};
  }

  std::string Put(const std::string& path, const std::string& body,
                  const std::string& headers = "X-Api-Key: good\r\n") const {
    return Talk(port_, "PUT " + path + " HTTP/1.1\r\nHost: h\r\n" + headers +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  std::string Get(const std::string& headers = "", const std::string& method = "GET") const {
    return Talk(port_, method + " " + kPath + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
  }

  static std::string BodyOf(const std::string& answer) {
    return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
  }

  std::vector<Mark> Marks() {
    const std::lock_guard lock(mutex_);
    return marks_;
  }

  // With this status and a JSON error, and nothing is left of it.
  void ExpectRefused(const std::string& answer, int status) {
    EXPECT_TRUE(Begins(answer, "HTTP/1.1 " + std::to_string(status) + " ")) << answer;
    EXPECT_TRUE(BodyOf(answer).starts_with("{\"error\":\"")) << answer;
    EXPECT_TRUE(library_->List().empty());
    EXPECT_EQ(library_->BytesUsed(), 0);
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/library/incoming"));
  }

  static constexpr char kPath[] = "/files/tok/%C3%A4%20b.gcode";
  static constexpr char kGcode[] = "; a\nG28\nG1 X1\n";

  std::string folder_;
  settings::Library limits_;
  settings::Http http_;
  std::unique_ptr<library::Library> library_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
  std::optional<Download> file_;
  std::string content_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<std::string> added_;
  std::function<Answer()> added_answer_;
  std::vector<Mark> marks_;
};

}  // namespace printfleet::http
