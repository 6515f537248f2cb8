#include "http/server.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/unit/http/client.h"

namespace printfleet::http {
namespace {

settings::Http OneListener(uint16_t port = 0, bool serve_metrics = true) {
  settings::Http http;
  http.listeners[0].port = port;
  http.listeners[0].serve_metrics = serve_metrics;
  return http;
}

Pages TestPages() {
  return {[] { return std::string("metric 1\n"); }, [] { return std::string("printer 1\n"); },
          [] {
            return Readiness{true, "", {}};
          }};
}

TEST(Server, ServesThePages) {
  const auto server = Server::Start(OneListener(), TestPages());
  ASSERT_TRUE(server.ok()) << server.error().message;
  const uint16_t port = (*server)->ports()[0];
  EXPECT_EQ((*server)->addresses()[0], "127.0.0.1:" + std::to_string(port));
  const std::string metrics = Ask(port, "GET", "/metrics");
  EXPECT_TRUE(Begins(metrics, "HTTP/1.1 200 OK\r\n")) << metrics;
  EXPECT_TRUE(Contains(metrics, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_TRUE(Contains(metrics, "\r\n\r\nmetric 1\n"));
  EXPECT_TRUE(Contains(Ask(port, "GET", "/metrics/printers"), "\r\n\r\nprinter 1\n"));
  EXPECT_TRUE(Contains(Ask(port, "GET", "/metrics?x=1"), "metric 1"));
  EXPECT_TRUE(Contains(Ask(port, "GET", "/healthz"), "\r\n\r\nok\n"));
  EXPECT_TRUE(Contains(Ask(port, "GET", "/readyz"), "\r\n\r\nready\n"));
  EXPECT_TRUE(Contains(Ask(port, "GET", "/"), "/metrics/printers"));
}

TEST(Server, HeadHasTheLengthAndNoBody) {
  const auto server = Server::Start(OneListener(), TestPages());
  const std::string answer = Ask((*server)->ports()[0], "HEAD", "/metrics");
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(Contains(answer, "Content-Length: 9\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(Server, NotReadyIs503WithTheReason) {
  Pages pages = TestPages();
  pages.readiness = [] {
    return Readiness{false, "the database is away\nsince 10:00", {"the disk is nearly full"}};
  };
  const auto server = Server::Start(OneListener(), pages);
  const std::string answer = Ask((*server)->ports()[0], "GET", "/readyz");
  EXPECT_TRUE(Begins(answer, "HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(Contains(
      answer, "not ready: the database is away?since 10:00\nwarning: the disk is nearly full\n"))
      << answer;
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/healthz"), "HTTP/1.1 200 "));
}

TEST(Server, WhatIsNotThereIsAJson404) {
  const auto server = Server::Start(OneListener(), TestPages());
  for (const char* path : {"/nothing", "/metrics/", "/metricsx", "/../etc/passwd"}) {
    const std::string answer = Ask((*server)->ports()[0], "GET", path);
    EXPECT_TRUE(Begins(answer, "HTTP/1.1 404 ") || Begins(answer, "HTTP/1.1 400 ")) << answer;
    EXPECT_FALSE(Contains(answer, "root:"));
  }
  EXPECT_TRUE(Contains(Ask((*server)->ports()[0], "GET", "/nothing"), "{\"error\":"));
}

TEST(Server, OtherMethodsAre405) {
  const auto server = Server::Start(OneListener(), TestPages());
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string answer = Ask((*server)->ports()[0], method, "/metrics");
    EXPECT_TRUE(Begins(answer, "HTTP/1.1 405 ")) << answer;
    EXPECT_TRUE(Contains(answer, "Allow: GET, HEAD\r\n"));
  }
}

TEST(Server, AListenerWithoutMetricsHasHealthOnly) {
  const auto server = Server::Start(OneListener(0, false), TestPages());
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/metrics"), "HTTP/1.1 404 "));
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/healthz"), "HTTP/1.1 200 "));
}

TEST(Server, ATakenPortIsAClearError) {
  const auto first = Server::Start(OneListener(), TestPages());
  const auto second = Server::Start(OneListener((*first)->ports()[0]), TestPages());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::kConflict);
  EXPECT_TRUE(Contains(second.error().message, "the port is taken")) << second.error().message;
  EXPECT_TRUE(Begins(Ask((*first)->ports()[0], "GET", "/healthz"), "HTTP/1.1 200 "));
}

TEST(Server, AnAddressThatIsNotOursIsAClearError) {
  settings::Http http = OneListener();
  http.listeners[0].address = "192.0.2.1";
  const auto server = Server::Start(http, TestPages());
  ASSERT_FALSE(server.ok());
  EXPECT_TRUE(Contains(server.error().message, "http listener 192.0.2.1:0"))
      << server.error().message;
  EXPECT_TRUE(Contains(server.error().message, "does not have that address"))
      << server.error().message;
}

TEST(Server, ServesSeveralListeners) {
  settings::Http http = OneListener();
  http.listeners.push_back(http.listeners[0]);
  http.listeners[1].serve_metrics = false;
  const auto server = Server::Start(http, TestPages());
  ASSERT_TRUE(server.ok()) << server.error().message;
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/metrics"), "HTTP/1.1 200 "));
  EXPECT_TRUE(Begins(Ask((*server)->ports()[1], "GET", "/metrics"), "HTTP/1.1 404 "));
}

TEST(Server, APageThatThrowsIsA500) {
  Pages pages = TestPages();
  pages.metrics = []() -> std::string { throw std::runtime_error("broken"); };
  const auto server = Server::Start(OneListener(), pages);
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/metrics"), "HTTP/1.1 500 "));
  EXPECT_TRUE(Begins(Ask((*server)->ports()[0], "GET", "/healthz"), "HTTP/1.1 200 "));
}

// Whoever has a page to its end may ask for the next one at once, however busy the threads are.
TEST(Server, APlaceIsFreeWhenThePageIsRead) {
  const auto server = Server::Start(OneListener(), TestPages());
  const uint16_t port = (*server)->ports()[0];
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int times = 0; times < 500; ++times) {
    const int file = Connect(port);
    ASSERT_EQ(send(file, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string answer;
    std::string piece(4096, '\0');
    for (ssize_t got = 1; got > 0 && !answer.ends_with("\r\n\r\nmetric 1\n");) {
      got = recv(file, piece.data(), piece.size(), 0);
      answer.append(piece.data(), got > 0 ? static_cast<size_t>(got) : 0);
    }
    close(file);
    ASSERT_TRUE(Begins(answer, "HTTP/1.1 200 ")) << times << ": " << answer;
  }
}

// Slow scrapes hold two workers of four; the third is refused, health is answered.
TEST(Server, SlowScrapesDoNotTakeTheWorkersOfHealth) {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  bool open = false;
  Pages pages = TestPages();
  pages.metrics = [&] {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
    return std::string("metric 1\n");
  };
  const auto server = Server::Start(OneListener(), pages);
  const uint16_t port = (*server)->ports()[0];
  std::thread first([&] { EXPECT_TRUE(Contains(Ask(port, "GET", "/metrics"), " 200 ")); });
  std::thread second([&] { EXPECT_TRUE(Contains(Ask(port, "GET", "/metrics"), " 200 ")); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside == 2; });
  }
  EXPECT_TRUE(Begins(Ask(port, "GET", "/metrics"), "HTTP/1.1 503 "));
  EXPECT_TRUE(Begins(Ask(port, "GET", "/healthz"), "HTTP/1.1 200 "));
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_all();
  first.join();
  second.join();
}

TEST(Server, BadRequestsDoNotHurt) {
  const auto server = Server::Start(OneListener(), TestPages());
  const uint16_t port = (*server)->ports()[0];
  EXPECT_FALSE(Contains(Talk(port, "\x01\x02\x03\r\n\r\n"), " 200 "));
  const std::string large =
      Talk(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + std::string(20000, 'a') + "\r\n\r\n");
  EXPECT_FALSE(Contains(large, " 200 ")) << large;
  EXPECT_TRUE(Begins(Ask(port, "GET", "/healthz"), "HTTP/1.1 200 "));
}

TEST(Server, ALargePageArrivesWhole) {
  Pages pages = TestPages();
  const std::string page(10 << 20, 'x');
  pages.printer_metrics = [&] { return page; };
  const auto server = Server::Start(OneListener(), pages);
  const std::string answer = Ask((*server)->ports()[0], "GET", "/metrics/printers");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, page.size());
}

}  // namespace
}  // namespace printfleet::http
