#include "protocol/trace.h"

#include <algorithm>
#include <string_view>

namespace printfleet::protocol {
namespace {

bool Contains(const std::vector<std::string>& paths, std::string_view path) {
  return std::ranges::find(paths, path) != paths.end();
}

class Search {
 public:
  Search(const std::vector<std::string>& taken_whole, Trace& trace)
      : taken_whole_(taken_whole), trace_(trace) {}

  // Recursion is as deep as the parser lets a message be.
  void LookInto(json::Value value, const std::string& path) const {
    if (value.IsArray()) {
      for (size_t i = 0; i < value.size(); ++i) {
        LookInto(value.at(i), path + "[]");
      }
    } else if (value.IsObject()) {
      for (size_t i = 0; i < value.size(); ++i) {
        LookAt(value.member_value(i),
               (path.empty() ? "" : path + ".").append(value.member_name(i)));
      }
    }
  }

 private:
  void LookAt(json::Value value, const std::string& path) const {
    if (!Contains(trace_.read, path)) {
      trace_.ignored.push_back(path);
    } else if (!Contains(taken_whole_, path)) {
      LookInto(value, path);
    }
  }

  const std::vector<std::string>& taken_whole_;
  Trace& trace_;
};

}  // namespace

void FindIgnored(json::Value message, const std::vector<std::string>& taken_whole, Trace& trace) {
  Search(taken_whole, trace).LookInto(message, "");
  std::ranges::sort(trace.ignored);
  const auto repeated = std::unique(trace.ignored.begin(), trace.ignored.end());
  trace.ignored.erase(repeated, trace.ignored.end());
}

}  // namespace printfleet::protocol
