#include "settings/load.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace printfleet::settings {
namespace {

std::string Lines(const Loaded& loaded) {
  std::string text;
  for (const auto& problem : loaded.problems) {
    text += problem.Text() + "\n";
  }
  return text;
}

struct Case {
  const char* name;
  const char* text;
  const char* problems;  // all of them, a line each
};

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, AreNamedWithTheirPlace) {
  EXPECT_EQ(Lines(LoadText(GetParam().text, "f")), GetParam().problems);
}

// clang-format off
const Case kYaml[] = {
  {"Empty", "", "f: is empty: it needs at least data_dir\n"},
  {"OnlyComments", "# nothing\n", "f: is empty: it needs at least data_dir\n"},
  {"NotAMap", "- a\n- b\n",
   "f: data_dir is missing: where the daemon keeps its identity, and a managed broker and database their files\n"
   "f:1:1: expected a map of keys and values, got a list\n"},
  {"Syntax", "data_dir: /x\nbroker: { mode: managed\n", "f:3:1: not YAML: end of map flow not found\n"},
  {"Tab", "data_dir: /x\nfleet:\n\tprinters_max: 3\n", "f:3:1: a tab as indentation: YAML wants blanks\n"},
  {"TwoDocuments", "data_dir: /x\n---\ndata_dir: /y\n", "f:2:1: a second document: one file holds one\n"},
  {"CommaBeginsTheText", ", data_dir: /x\n", "f:1:1: a second document: one file holds one\n"},
  {"DuplicateKey", "data_dir: /x\nfleet: {printers_max: 3}\ndata_dir: /y\n",
   "f:3:1: \"data_dir\" is here twice: first in line 1\n"},
  {"DuplicateInFlow", "data_dir: /x\nfleet: {printers_max: 3, printers_max: 4}\n",
   "f:2:26: \"printers_max\" is here twice: first in line 2\n"},
  {"KeyIsAList", "data_dir: /x\n[a, b]: 3\n", "f:2:1: a key must be a plain word\n"},
};

const Case kKeys[] = {
  {"Unknown", "data_dir: /x\nbrokr: {}\n", "f:2:1: brokr: unknown key; did you mean \"broker\"?\n"},
  {"UnknownDeep", "data_dir: /x\nbroker: { listeners: [ { adress: 127.0.0.1 } ] }\n",
   "f:2:26: broker.listeners[0].adress: unknown key; did you mean \"address\"?\n"},
  {"UnitForgotten", "data_dir: /x\nfleet:\n  silent_after: 60\n",
   "f:3:3: fleet.silent_after: unknown key; did you mean \"silent_after_s\"?\n"},
  {"NothingNear", "data_dir: /x\nwibble: 1\n", "f:2:1: wibble: unknown key\n"},
  {"AllAtOnce", "data_dir: /x\ncommands: {fresh_s: 0}\nstore: {payloads: al}\nfleet: {enrolment: no}\n",
   "f:2:21: commands.fresh_s: 0 is not within 1 to 600\n"
   "f:3:19: store.payloads: \"al\" is not one of none, unusual, all; did you mean \"all\"?\n"
   "f:4:20: fleet.enrolment: \"no\" is not one of auto, manual\n"},
};

const Case kTypes[] = {
  {"TextForNumber", "data_dir: /x\nfleet: {printers_max: many}\n",
   "f:2:23: fleet.printers_max: expected a whole number, got \"many\"\n"},
  {"QuotedNumber", "data_dir: /x\nfleet: {printers_max: \"5\"}\n",
   "f:2:23: fleet.printers_max: expected a whole number, got \"5\"\n"},
  {"UnitInValue", "data_dir: /x\nfleet: {silent_after_s: 60s}\n",
   "f:2:25: fleet.silent_after_s: expected a whole number, got \"60s\"\n"},
  {"Fraction", "data_dir: /x\nfleet: {printers_max: 1.5}\n",
   "f:2:23: fleet.printers_max: expected a whole number, got \"1.5\"\n"},
  {"ListForMap", "data_dir: /x\nfleet: [1]\n",
   "f:2:8: fleet: expected a map of keys and values, got a list\n"},
  {"MapForList", "data_dir: /x\nhttp: {listeners: {}}\n", "f:2:19: http.listeners: expected a list, got a map\n"},
  {"NoValue", "data_dir: /x\nfleet:\n  printers_max:\n",
   "f:3:3: fleet.printers_max: expected a whole number, got nothing\n"},
  {"NotAFlag", "data_dir: /x\nbroker: {mode: external, url: mqtt://h, trust_command_topic: yes}\n",
   "f:2:62: broker.trust_command_topic: expected true or false, got \"yes\"\n"
   "f:2:62: warning: broker.trust_command_topic: is not true, and serve will not start: who sent a command is told "
   "by its topic, and only the broker's own access list can keep a user from publishing as another; say true once "
   "it lets everybody publish below command/<their own user name> only\n"},
  {"TooLarge", "data_dir: /x\nbroker: {packet_bytes_max: 99999999999999999999}\n",
   "f:2:28: broker.packet_bytes_max: expected a whole number, got \"99999999999999999999\"\n"},
  {"RelativePath", "data_dir: data\n", "f:1:11: data_dir: \"data\" must be an absolute path\n"},
  {"WordTwice", "data_dir: /x\nhttp: {listeners: [{serve: [files, files]}]}\n",
   "f:2:36: http.listeners[0].serve: \"files\" is in the list twice\n"},
  {"NoWord", "data_dir: /x\nhttp: {listeners: [{serve: []}]}\n",
   "f:2:28: http.listeners[0].serve: is empty: say at least one of metrics, files, console\n"},
};

const Case kListeners[] = {
  {"PortRange", "data_dir: /x\nbroker: {listeners: [{port: 70000}]}\n",
   "f:2:29: broker.listeners[0].port: 70000 is not within 0 to 65535\n"},
  {"NegativePort", "data_dir: /x\nhttp: {listeners: [{port: -1}]}\n",
   "f:2:27: http.listeners[0].port: -1 is not within 0 to 65535\n"},
  {"Address", "data_dir: /x\nbroker: {listeners: [{address: 300.1.1.1}]}\n",
   "f:2:32: broker.listeners[0].address: \"300.1.1.1\" is neither an IP address nor a host name (0.0.0.0 listens "
   "on every address)\n"},
  {"SamePort",
   "data_dir: /x\nbroker:\n  listeners:\n  - {address: 127.0.0.1, port: 1883}\n"
   "  - {address: 127.0.0.2, port: 1883}\n",
   "f:5:32: broker.listeners[1].port: 1883 is the port of listener 0 too: Mosquitto needs a port number for "
   "each, also on different addresses\n"},
  {"SamePortHttp",
   "data_dir: /x\nhttp: {listeners: [{address: 0.0.0.0, port: 80}, {address: 127.0.0.2, port: 80}]}\n",
   "f:2:77: http.listeners[1].port: 80 is the port of listener 0 too\n"},
  {"SamePortBoth", "data_dir: /x\nhttp: {listeners: [{port: 1883}]}\n",
   "f:2:7: http: port 1883 is used by broker.listeners and by http.listeners\n"},
  {"OpenToTheNetwork", "data_dir: /x\nbroker:\n  listeners:\n  - address: 192.0.2.1\n    login: none\n",
   "f:5:12: broker.listeners[0].login: login: none for people is only for a loopback address, not 192.0.2.1: say "
   "login: password, or for: [printers] and give people a listener of their own\n"},
  {"OpenByDefault", "data_dir: /x\nbroker:\n  listeners:\n  - address: 0.0.0.0\n",
   "f:4:5: broker.listeners[0]: login: none for people is only for a loopback address, not 0.0.0.0: say login: "
   "password, or for: [printers] and give people a listener of their own\n"},
  {"Certificate", "data_dir: /x\nbroker:\n  listeners:\n  - {for: [printers, people], login: certificate}\n",
   "f:4:11: broker.listeners[0].for: login: certificate is for printers: say for: [printers], and give people a "
   "listener of their own\n"
   "f:4:38: broker.listeners[0].login: certificate needs tls with ca_file, the authority of the printers' "
   "certificates (printfleet ca issue makes them)\n"},
  {"SecurityLevel", "data_dir: /x\nbroker:\n  listeners:\n  - {tls: {cert_file: /x/c, key_file: /x/k, security_level: 3}}\n",
   "f:4:23: warning: broker.listeners[0].tls.cert_file: /x/c cannot be read (yet)\n"
   "f:4:39: warning: broker.listeners[0].tls.key_file: /x/k cannot be read (yet)\n"
   "f:4:61: broker.listeners[0].tls.security_level: 3 is not within 0 to 2\n"},
  {"NoListeners", "data_dir: /x\nbroker: {listeners: []}\n",
   "f:2:21: broker.listeners: is empty: nobody could connect\n"},
  {"TlsIncomplete", "data_dir: /x\nbroker:\n  listeners:\n  - tls: {require_certificate: true}\n",
   "f:4:5: broker.listeners[0].tls: cert_file is missing\n"
   "f:4:5: broker.listeners[0].tls: key_file is missing\n"
   "f:4:32: broker.listeners[0].tls.require_certificate: needs ca_file, the authority of those certificates\n"},
  {"Clear", "data_dir: /x\nbroker: {listeners: [{address: 192.0.2.1, for: [people], login: password}]}\n",
   "f:2:21: warning: broker.listeners: none is for printers\n"
   "f:2:65: warning: broker.listeners[0].login: passwords cross the network in clear without tls\n"},
};

const Case kModes[] = {
  {"NoDataDir", "fleet: {}\n",
   "f: data_dir is missing: where the daemon keeps its identity, and a managed broker and database their files\n"},
  {"DatabaseUrl", "data_dir: /x\ndatabase: {mode: external}\n",
   "f:2:18: database.mode: external needs url, like postgresql://printfleet@db.example/printfleet\n"},
  {"BrokerUrl", "data_dir: /x\nbroker: {mode: external, trust_command_topic: true}\n",
   "f:2:16: broker.mode: external needs url, like mqtts://daemon@broker.example:8883\n"},
  {"UrlScheme", "data_dir: /x\ndatabase: {mode: external, url: \"mysql://h/x\"}\n",
   "f:2:33: database.url: begins with mysql://, wanted postgresql:// or postgres://\n"},
  {"UrlPassword", "data_dir: /x\ndatabase: {mode: external, url: \"postgresql://u:secret@h/x\"}\n",
   "f:2:33: database.url: holds a password: put it into a file and name that as password_file\n"},
  {"OneRole", "data_dir: /x\ndatabase: {mode: external, url: \"postgresql://u@h/x\"}\n",
   "f:2:33: warning: database.url: without owner_url the role that the daemon works as also owns the tables and "
   "could change audit_log: name the owner there, for printfleet migrate\n"},
  {"TwiceTheSameRole", "data_dir: /x\ndatabase: {mode: external, url: \"postgresql://u@h/x\", "
   "owner_url: \"postgresql://u@g/x\"}\n",
   "f:2:66: database.owner_url: names the same role as url: the daemon could change audit_log\n"},
  {"OwnerWithoutRole", "data_dir: /x\ndatabase: {mode: external, url: \"postgresql://h/x\", "
   "owner_url: \"postgresql://o:secret@h/x\"}\n",
   "f:2:33: database.url: names no role: printfleet migrate has to know whom to give the rights\n"
   "f:2:64: database.owner_url: holds a password: put it into a file and name that as owner_password_file\n"},
  {"OwnerPasswordAlone", "data_dir: /x\ndatabase: {mode: external, url: \"mysql://h/x\", owner_password_file: /p}\n",
   "f:2:33: database.url: begins with mysql://, wanted postgresql:// or postgres://\n"
   "f:2:69: database.owner_password_file: is for owner_url, which is missing\n"},
  {"UrlPort", "data_dir: /x\nbroker: {mode: external, url: \"mqtt://h:0\", trust_command_topic: true}\n",
   "f:2:31: broker.url: not a URL like scheme://[user@]host[:port]: the port is not within 1 to 65535\n"},
  {"OfTheOtherMode", "data_dir: /x\nbroker: {url: \"mqtt://h\"}\ndatabase: {mode: external, url: \"postgresql:///x\", "
   "run_as: me}\n",
   "f:2:15: broker.url: is only for mode: external\n"
   "f:3:33: warning: database.url: without owner_url the role that the daemon works as also owns the tables and "
   "could change audit_log: name the owner there, for printfleet migrate\n"
   "f:3:60: database.run_as: is only for mode: managed\n"},
};

const Case kNames[] = {
  {"Instance", "data_dir: /x\ninstance: a/b\n",
   "f:2:11: instance: \"a/b\" must be letters, digits, \".\", \"_\" and \"-\", at most 64: it is a level of topics\n"},
  {"RootWildcard", "data_dir: /x\nfleet: {topic_root: \"a/+\"}\n",
   "f:2:21: fleet.topic_root: \"a/+\" holds a wildcard (+ or #)\n"},
  {"RootDollar", "data_dir: /x\nfleet: {topic_root: $SYS}\n",
   "f:2:21: fleet.topic_root: \"$SYS\" begins with $, which is the broker's own\n"},
  {"RootEmptyLevel", "data_dir: /x\nfleet: {topic_root: fleet/v1/}\n",
   "f:2:21: fleet.topic_root: \"fleet/v1/\" has an empty level\n"},
  {"RootOfPrinters", "data_dir: /x\nfleet: {topic_root: anycubic/x}\n",
   "f:2:21: fleet.topic_root: \"anycubic/x\" is below the printers' own topics\n"},
  {"Deaf", "data_dir: /x\ninbound: {heartbeat_interval_ms: 8000}\n",
   "f:2:34: inbound.heartbeat_interval_ms: deaf_after_ms must be at least twice heartbeat_interval_ms\n"},
  {"PublicUrl", "data_dir: /x\nhttp: {public_url: \"192.0.2.1:8080\"}\n",
   "f:2:20: http.public_url: wanted what printers use to fetch files, like http://192.0.2.1:8080\n"},
  {"Level", "data_dir: /x\nlog_level: warn\n",
   "f:2:12: log_level: \"warn\" is not one of debug, info, warning, error; did you mean \"warning\"?\n"},
  {"ModelsFile", "data_dir: /x\nmodels_file: /nonexistent/m.yaml\n",
   "/nonexistent/m.yaml: cannot be read: No such file or directory\n"},
  {"ErrorCodesFile", "data_dir: /x\nerror_codes_file: /nonexistent/c.yaml\n",
   "/nonexistent/c.yaml: cannot be read: No such file or directory\n"},
};

// clang-format on

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Yaml, Mistakes, testing::ValuesIn(kYaml), CaseName);
INSTANTIATE_TEST_SUITE_P(Keys, Mistakes, testing::ValuesIn(kKeys), CaseName);
INSTANTIATE_TEST_SUITE_P(Types, Mistakes, testing::ValuesIn(kTypes), CaseName);
INSTANTIATE_TEST_SUITE_P(Listeners, Mistakes, testing::ValuesIn(kListeners), CaseName);
INSTANTIATE_TEST_SUITE_P(Modes, Mistakes, testing::ValuesIn(kModes), CaseName);
INSTANTIATE_TEST_SUITE_P(Names, Mistakes, testing::ValuesIn(kNames), CaseName);

TEST(Load, SmallestHasTheDefaults) {
  const Loaded loaded = LoadText("data_dir: /var/lib/printfleet\nbroker:\nfleet: ~\n", "f");
  EXPECT_EQ(Lines(loaded), "");
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.settings.data_dir, "/var/lib/printfleet");
  EXPECT_EQ(loaded.settings.broker, Broker{});
  EXPECT_EQ(loaded.settings.inbound, Inbound{});
  EXPECT_EQ(loaded.settings.EffectiveEnrolment(), Enrolment::kAuto);
  EXPECT_EQ(loaded.models.NameOf("20022"), "K2Plus");
}

TEST(Load, ListenersAreAsWritten) {
  const Loaded loaded = LoadText(
      "data_dir: /x\nbroker:\n  listeners:\n"
      "  - {address: 192.0.2.1, port: 8883, for: [printers], tls: {cert_file: /c, key_file: /k}}\n"
      "  - {address: \"::1\", port: 0, for: [people]}\n"
      "http: {listeners: [{port: 0, serve: [files]}]}\n",
      "f");
  ASSERT_TRUE(loaded.ok()) << Lines(loaded);
  const auto& listeners = loaded.settings.broker.listeners;
  ASSERT_EQ(listeners.size(), 2U);
  EXPECT_TRUE(listeners[0].for_printers);
  EXPECT_FALSE(listeners[0].for_people);
  ASSERT_TRUE(listeners[0].tls);
  EXPECT_EQ(listeners[0].tls->key_file, "/k");
  EXPECT_EQ(listeners[1].address, "::1");
  EXPECT_EQ(listeners[1].port, 0);
  EXPECT_FALSE(listeners[1].for_printers);
  EXPECT_FALSE(loaded.settings.http.listeners[0].serve_metrics);
  EXPECT_TRUE(loaded.settings.http.listeners[0].serve_files);
  EXPECT_EQ(loaded.settings.EffectiveEnrolment(), Enrolment::kManual);
}

TEST(Load, UnitsOfTheNamesHold) {
  const Loaded loaded = LoadText(
      "data_dir: /x\nfleet: {silent_after_s: 90, state_interval_ms: 1500, enrolment: auto}\n"
      "inbound: {keepalive_s: 30}\ndatabase: {request_timeout_ms: 2500}\n",
      "f");
  ASSERT_TRUE(loaded.ok()) << Lines(loaded);
  EXPECT_EQ(loaded.settings.fleet.silent_after, seconds(90));
  EXPECT_EQ(loaded.settings.fleet.state_interval, milliseconds(1500));
  EXPECT_EQ(loaded.settings.fleet.enrolment, Enrolment::kAuto);
  EXPECT_EQ(loaded.settings.inbound.keepalive, seconds(30));
  EXPECT_EQ(loaded.settings.database.request_timeout, milliseconds(2500));
}

TEST(Load, ExternalBrokerHasNoListenersOfOurs) {
  const Loaded loaded = LoadText(
      "data_dir: /x\nbroker: {mode: external, url: \"mqtt://h\", trust_command_topic: true}\n",
      "f");
  ASSERT_TRUE(loaded.ok()) << Lines(loaded);
  EXPECT_TRUE(loaded.settings.broker.listeners.empty());
  EXPECT_EQ(loaded.settings.EffectiveEnrolment(), Enrolment::kManual);
}

TEST(Load, FileThatIsNotThere) {
  EXPECT_EQ(Lines(LoadFile("/nonexistent/x.yaml")),
            "/nonexistent/x.yaml: cannot be read: No such file or directory\n");
  EXPECT_EQ(Lines(LoadFile("/tmp")), "/tmp: is a directory\n");
}

TEST(Load, CutAndMutatedTextNeverCrashes) {
  std::ifstream in(PRINTFLEET_SOURCE_DIR "/config/farm.yaml");
  std::ostringstream whole;
  whole << in.rdbuf();
  const std::string text = whole.str();
  uint32_t seed = 1;
  for (size_t i = 0; i < text.size(); i += 7) {
    (void)LoadText(text.substr(0, i), "f");
    std::string mutated = text;
    seed = seed * 1664525 + 1013904223;
    mutated[seed % mutated.size()] = static_cast<char>(seed >> 24);
    (void)LoadText(mutated, "f");
  }
}

TEST(Load, DeepAndBushyTextEndsAsAProblem) {
  EXPECT_FALSE(LoadText("data_dir: " + std::string(100000, '['), "f").ok());
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'j'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    bomb += std::string(1, name) + ": &" + std::string(1, name) + " [";
    for (int i = 0; i < 10; ++i) {
      bomb += (i == 0 ? "*" : ", *") + before;
    }
    bomb += "]\n";
  }
  EXPECT_EQ(Lines(LoadText(bomb, "f")), "f: has more than 20000 values: not a configuration\n");
}

TEST(Loopback, IsThisMachineOnly) {
  for (const auto* address : {"127.0.0.1", "127.8.8.8", "::1", "localhost"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const auto* address : {"0.0.0.0", "::", "192.0.2.1", "128.0.0.1", "localhost.example", ""}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace printfleet::settings
