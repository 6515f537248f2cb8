// A client of the tests: raw sockets, so that it can be slow, rude and gone.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace printfleet::http {

inline int Connect(uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return file;
}

inline std::string ReadToEnd(int file) {
  std::string answer;
  std::string buffer(65536, '\0');
  for (ssize_t got = 1; got > 0;) {
    got = recv(file, buffer.data(), buffer.size(), 0);
    answer.append(buffer.data(), got > 0 ? static_cast<size_t>(got) : 0);
  }
  return answer;
}

// Sends `request`, as far as it is taken, and reads to the end of the connection.
inline std::string Talk(uint16_t port, const std::string& request) {
  const int file = Connect(port);
  size_t sent = 0;
  while (sent < request.size()) {
    const ssize_t part = send(file, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (part <= 0) {
      break;
    }
    sent += static_cast<size_t>(part);
  }
  std::string answer = ReadToEnd(file);
  close(file);
  return answer;
}

inline std::string Ask(uint16_t port, const std::string& method, const std::string& path) {
  return Talk(port, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

inline bool Begins(const std::string& text, const std::string& start) {
  return text.starts_with(start);
}

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace printfleet::http
