// bare_publisher HOST PORT FILE: what a plain libmosquitto client needs to publish the messages of
// FILE (one a line, topic TAB payload) with QoS 1: all at once, no window of its own. Prints the
// milliseconds since the epoch of the first publish and of the last PUBACK.
#include <mosquitto.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

struct Run {
  std::vector<std::pair<std::string, std::string>> messages;  // topic, payload
  size_t acknowledged = 0;
  int64_t begin_ms = 0;
  bool failed = false;
};

void OnConnect(mosquitto* client, void* user, int code) {
  auto& run = *static_cast<Run*>(user);
  run.begin_ms = NowMs();
  run.failed = code != 0;
  for (const auto& [topic, payload] : run.messages) {
    run.failed |=
        mosquitto_publish(client, nullptr, topic.c_str(), static_cast<int>(payload.size()),
                          payload.data(), 1, false) != MOSQ_ERR_SUCCESS;
  }
}

void OnPublish(mosquitto* client, void* user, int /*message_id*/) {
  auto& run = *static_cast<Run*>(user);
  if (++run.acknowledged == run.messages.size()) {
    std::printf("%lld %lld\n", static_cast<long long>(run.begin_ms),
                static_cast<long long>(NowMs()));
    mosquitto_disconnect(client);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_publisher HOST PORT FILE\n");
    return 2;
  }
  Run run;
  std::ifstream file(argv[3]);
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    if (tab != std::string::npos) {
      run.messages.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
  }
  mosquitto_lib_init();
  mosquitto* client = mosquitto_new(nullptr, true, &run);
  mosquitto_max_inflight_messages_set(client, 0);
  mosquitto_connect_callback_set(client, OnConnect);
  mosquitto_publish_callback_set(client, OnPublish);
  int code = mosquitto_connect(client, argv[1], std::atoi(argv[2]), 60);
  if (code == MOSQ_ERR_SUCCESS) {
    code = mosquitto_loop_forever(client, -1, 1);
  }
  if (run.failed || run.acknowledged != run.messages.size()) {
    std::fprintf(stderr, "bare_publisher: %zu of %zu acknowledged: %s\n", run.acknowledged,
                 run.messages.size(), mosquitto_strerror(code));
    return 1;
  }
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  return 0;
}
