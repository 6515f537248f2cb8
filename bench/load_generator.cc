// load_generator: publishes print reports of many printers, QoS 1, as fast as the broker takes them
// or at a rate, over as few or as many connections as wanted. What it publishes is cheap to make,
// so that it takes little of the machine that is measured. Raw sockets and printer-sim's codec.
//
//   load_generator --port PORT --template FILE [--host 127.0.0.1] [--printers 1000]
//     [--connections 1] [--count N | --seconds S] [--rate PER_SECOND] [--window 1000]
//     [--connect-rate 2000] [--id-prefix bench]
//
// The template is a payload in which a run of 36 "#" becomes a new msgid, 13 "~" the time in
// milliseconds, and "^^" a progress. A msgid begins with the time of its publish, microseconds
// since the epoch, as 16 hexadecimal digits. Prints "ready" once all are connected, a JSON object
// at its end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "bench/simulator/mqtt_codec.h"

namespace {

using std::chrono::steady_clock;
namespace codec = printfleet::simulator;

constexpr size_t kPacketBytesMax = 65536;
constexpr size_t kPieceBytes = 65536;
constexpr size_t kUnsentBytesMax = 256 * 1024;  // per connection
constexpr uint16_t kPacketIdMax = 65535;
constexpr size_t kMsgidBytes = 36;
constexpr size_t kTimeBytes = 13;
constexpr int kPatienceS = 60;  // for CONNACKs, and at the end for PUBACKs

volatile std::sig_atomic_t stopping = 0;

struct Options {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string template_file;
  std::string id_prefix = "bench";
  int printers = 1000;
  int connections = 1;
  int64_t count = 0;
  double seconds = 0;
  double rate = 0;
  int window = 1000;
  int connect_rate = 2000;
};

struct Connection {
  int socket = -1;
  std::string out;
  size_t sent = 0;
  std::string in;
  int unacknowledged = 0;
  uint16_t packet_id = 0;
  bool connected = false;
  bool wants_write = false;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "load_generator: %s\n", what.c_str());
  std::exit(1);
}

int64_t WallUs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// Fills the template's fields in place: all have a fixed width.
class Payload {
 public:
  explicit Payload(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(in), {});
    msgid_ = text_.find(std::string(kMsgidBytes, '#'));
    time_ = text_.find(std::string(kTimeBytes, '~'));
    progress_ = text_.find("^^");
    if (msgid_ == std::string::npos || time_ == std::string::npos ||
        progress_ == std::string::npos) {
      Die(file + ": no template");
    }
  }

  const std::string& Next(int64_t number) {
    const int64_t now_us = WallUs();
    std::array<char, 64> field{};
    const auto time = static_cast<unsigned long long>(now_us);
    const auto serial = static_cast<unsigned long long>(number);
    std::snprintf(field.data(), field.size(), "%08llx-%04llx-%04llx-%04llx-%012llx", time >> 32,
                  (time >> 16) & 0xffff, time & 0xffff, (serial >> 48) & 0xffff,
                  serial & 0xffffffffffff);
    text_.replace(msgid_, kMsgidBytes, field.data(), kMsgidBytes);
    std::snprintf(field.data(), field.size(), "%013llu", time / 1000);
    text_.replace(time_, kTimeBytes, field.data(), kTimeBytes);
    std::snprintf(field.data(), field.size(), "%02d", static_cast<int>(10 + number % 89));
    text_.replace(progress_, 2, field.data(), 2);
    return text_;
  }

 private:
  std::string text_;
  size_t msgid_ = 0;
  size_t time_ = 0;
  size_t progress_ = 0;
};

class Generator {
 public:
  explicit Generator(const Options& options)
      : options_(options),
        payload_(options.template_file),
        connections_(static_cast<size_t>(options.connections)),
        epoll_(epoll_create1(0)) {
    for (int i = 0; i < options.printers; ++i) {
      std::array<char, 33> id{};
      std::snprintf(id.data(), id.size(), "%032x", 0x10000000 + i);
      topics_.push_back("anycubic/anycubicCloud/v1/printer/public/20021/" + std::string(id.data()) +
                        "/print/report");
    }
  }

  void ConnectAll() {
    const auto begin = steady_clock::now();
    for (size_t i = 0; i < connections_.size(); ++i) {
      std::this_thread::sleep_until(
          begin + i * std::chrono::microseconds(1'000'000 / options_.connect_rate));
      Open(connections_[i], i);
      Turn(0);
    }
    const auto deadline = steady_clock::now() + std::chrono::seconds(kPatienceS);
    while (up_ < connections_.size()) {
      Turn(100);
      if (steady_clock::now() > deadline) {
        Die("not all are connected");
      }
    }
    connect_s_ = Since(begin);
    std::puts("ready");
    std::fflush(stdout);
  }

  void Run() {
    const auto begin = steady_clock::now();
    const int64_t begin_us = WallUs();
    while (stopping == 0 && !Done(Since(begin))) {
      const int64_t due =
          options_.rate > 0 ? static_cast<int64_t>(Since(begin) * options_.rate) + 1 : INT64_MAX;
      Publish(options_.count > 0 ? std::min(due, options_.count) : due);
      Turn(options_.rate > 0 ? 1 : 10);
    }
    const double published_s = Since(begin);
    const auto deadline = steady_clock::now() + std::chrono::seconds(kPatienceS);
    while (acknowledged_ < published_ && steady_clock::now() < deadline) {
      Turn(100);
    }
    std::printf(
        "{\"published\": %lld, \"acknowledged\": %lld, \"seconds\": %.3f, \"connect_s\": "
        "%.3f, \"begin_us\": %lld, \"end_us\": %lld}\n",
        static_cast<long long>(published_), static_cast<long long>(acknowledged_), published_s,
        connect_s_, static_cast<long long>(begin_us), static_cast<long long>(WallUs()));
  }

 private:
  static double Since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  }

  [[nodiscard]] bool Done(double elapsed) const {
    return options_.count > 0 ? published_ >= options_.count : elapsed >= options_.seconds;
  }

  void Open(Connection& connection, size_t index) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(options_.port));
    inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connection.socket < 0 ||
        connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      Die("connect: " + std::string(std::strerror(errno)));
    }
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(connection.socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    codec::Connect hello;
    hello.client_id = options_.id_prefix + std::to_string(index);
    hello.keep_alive_s = 0;
    connection.out = codec::EncodeConnect(hello);
    Write(connection, index);
  }

  // Until `due` are published, or no connection takes more now.
  void Publish(int64_t due) {
    size_t refused = 0;
    while (published_ < due && refused < connections_.size()) {
      const auto number = static_cast<size_t>(published_ + skipped_);
      const size_t index = number % connections_.size();
      Connection& connection = connections_[index];
      if (connection.unacknowledged >= options_.window ||
          connection.out.size() - connection.sent > kUnsentBytesMax) {
        if (connections_.size() == 1) {
          break;
        }
        ++refused;
        ++skipped_;
        continue;
      }
      refused = 0;
      codec::Publish publish;
      publish.topic = topics_[number % topics_.size()];
      publish.payload = payload_.Next(published_);
      publish.qos = 1;
      connection.packet_id = static_cast<uint16_t>(connection.packet_id % kPacketIdMax + 1);
      publish.packet_id = connection.packet_id;
      connection.out += codec::EncodePublish(publish);
      ++connection.unacknowledged;
      ++published_;
      if (connection.out.size() - connection.sent >= kPieceBytes || options_.rate > 0) {
        Write(connection, index);
      }
    }
    if (options_.rate == 0) {
      for (size_t i = 0; i < connections_.size(); ++i) {
        Write(connections_[i], i);
      }
    }
  }

  void Write(Connection& connection, size_t index) {
    while (connection.sent < connection.out.size()) {
      const ssize_t written = write(connection.socket, connection.out.data() + connection.sent,
                                    connection.out.size() - connection.sent);
      if (written < 0) {
        if (errno != EAGAIN) {
          Die("write: " + std::string(std::strerror(errno)));
        }
        break;
      }
      connection.sent += static_cast<size_t>(written);
    }
    const bool pending = connection.sent < connection.out.size();
    if (!pending) {
      connection.out.clear();
      connection.sent = 0;
    }
    if (pending != connection.wants_write) {
      connection.wants_write = pending;
      epoll_event event{};
      event.events = EPOLLIN | (pending ? static_cast<uint32_t>(EPOLLOUT) : 0U);
      event.data.u64 = index;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
    }
  }

  void Turn(int timeout_ms) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
      const auto index = static_cast<size_t>(events[static_cast<size_t>(i)].data.u64);
      if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0) {
        Write(connections_[index], index);
      }
      Read(connections_[index]);
    }
  }

  void Read(Connection& connection) {
    std::array<char, kPieceBytes> piece{};
    const ssize_t got = read(connection.socket, piece.data(), piece.size());
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      Die("the broker closed a connection");
    }
    if (got < 0) {
      return;
    }
    connection.in.append(piece.data(), static_cast<size_t>(got));
    size_t taken = 0;
    while (true) {
      const codec::Decoded decoded =
          codec::Decode(std::string_view(connection.in).substr(taken), kPacketBytesMax);
      if (!decoded.packet) {
        break;
      }
      taken += decoded.consumed;
      if (std::holds_alternative<codec::Puback>(*decoded.packet)) {
        --connection.unacknowledged;
        ++acknowledged_;
      } else if (std::holds_alternative<codec::Connack>(*decoded.packet)) {
        ++up_;
      }
    }
    connection.in.erase(0, taken);
  }

  const Options options_;
  Payload payload_;
  std::vector<Connection> connections_;
  std::vector<std::string> topics_;
  int epoll_;
  size_t up_ = 0;
  int64_t published_ = 0;
  int64_t skipped_ = 0;
  int64_t acknowledged_ = 0;
  double connect_s_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Publishes print reports of many printers.");
  app.add_option("--host", options.host);
  app.add_option("--port", options.port)->required();
  app.add_option("--template", options.template_file)->required();
  app.add_option("--id-prefix", options.id_prefix, "of the client ids");
  app.add_option("--printers", options.printers)->check(CLI::PositiveNumber);
  app.add_option("--connections", options.connections)->check(CLI::PositiveNumber);
  app.add_option("--count", options.count);
  app.add_option("--seconds", options.seconds);
  app.add_option("--rate", options.rate, "reports per second; 0: as fast as they are taken");
  app.add_option("--window", options.window, "unacknowledged reports per connection");
  app.add_option("--connect-rate", options.connect_rate)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  for (const int number : {SIGTERM, SIGINT}) {
    std::signal(number, [](int) { stopping = 1; });
  }
  Generator generator(options);
  generator.ConnectAll();
  generator.Run();
  return 0;
}
