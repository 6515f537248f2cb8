// null_subscriber PORT CLIENT_ID RECEIVE_MAX COUNT_FILE: what a subscriber of printers' reports
// costs that does nothing with them: libmosquitto as it comes, MQTT 5, QoS 1, a durable session,
// each message acknowledged as soon as it is read. The first 8 bytes of COUNT_FILE are how many it
// has had, to be read by whoever measures. Ends with its first signal.
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr const char* kFilter = "anycubic/anycubicCloud/v1/printer/public/#";
constexpr int kSessionExpiryS = 3600;

std::atomic<int64_t>* messages = nullptr;  // in COUNT_FILE

std::atomic<int64_t>* MapCount(const char* file) {
  const int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || ftruncate(fd, sizeof(std::atomic<int64_t>)) != 0) {
    std::perror(file);
    std::exit(1);
  }
  void* mapped =
      mmap(nullptr, sizeof(std::atomic<int64_t>), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return static_cast<std::atomic<int64_t>*>(mapped);
}

void OnConnect(mosquitto* client, void* /*user*/, int code) {
  if (code != 0 || mosquitto_subscribe(client, nullptr, kFilter, 1) != MOSQ_ERR_SUCCESS) {
    std::fprintf(stderr, "null_subscriber: refused\n");
    std::exit(1);
  }
}

void OnSubscribe(mosquitto* /*client*/, void* /*user*/, int /*mid*/, int /*count*/,
                 const int* /*granted*/) {
  std::puts("ready");
  std::fflush(stdout);
}

void OnMessage(mosquitto* /*client*/, void* /*user*/, const mosquitto_message* /*message*/) {
  messages->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: null_subscriber PORT CLIENT_ID RECEIVE_MAX COUNT_FILE\n");
    return 2;
  }
  messages = MapCount(argv[4]);
  mosquitto_lib_init();
  mosquitto* client = mosquitto_new(argv[2], false, nullptr);
  const int receive_max = std::atoi(argv[3]);
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, receive_max);
  mosquitto_property* properties = nullptr;
  mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, kSessionExpiryS);
  mosquitto_property_add_int16(&properties, MQTT_PROP_RECEIVE_MAXIMUM,
                               static_cast<uint16_t>(receive_max));
  mosquitto_connect_callback_set(client, OnConnect);
  mosquitto_subscribe_callback_set(client, OnSubscribe);
  mosquitto_message_callback_set(client, OnMessage);
  if (mosquitto_connect_bind_v5(client, "127.0.0.1", std::atoi(argv[1]), 600, nullptr,
                                properties) != MOSQ_ERR_SUCCESS) {
    std::fprintf(stderr, "null_subscriber: cannot connect\n");
    return 1;
  }
  const int code = mosquitto_loop_forever(client, -1, 1);
  std::fprintf(stderr, "null_subscriber: %s\n", mosquitto_strerror(code));
  return 1;
}
