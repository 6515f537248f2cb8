// Every way to be refused, with its reason, path and message; nothing is ever sent.
#include <gtest/gtest.h>

#include <random>

#include "farm.h"

namespace printfleet::fleet {
namespace {

const char* const kStartUrl =
    R"("url":"http://h/a.gcode","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"filename":"a.gcode")";

struct Case {
  std::string command;
  std::string target;
  std::string args;
  std::string options;
  std::string reason;
  std::string path;
  std::string message;  // a part of it
};

class Refusals : public testing::Test {
 protected:
  Refusals() {
    farm.Add("a-01");
    farm.Add("a-02", "20022");
    farm.Add("a-03", "20023");
    farm.world.Merge();
  }

  void Expect(const Case& c) {
    farm.Clear();
    farm.Send(Farm::Make(++number, c.command, c.target, c.args, c.options));
    const std::string rejected = farm.Last("rejected");
    const std::string what = c.command + " " + c.target + " " + c.args + " " + c.options;
    EXPECT_EQ(At(rejected, "reason"), "\"" + c.reason + "\"") << what << rejected;
    EXPECT_EQ(At(rejected, "path"), c.path.empty() ? "missing" : "\"" + c.path + "\"") << what;
    EXPECT_NE(rejected.find(c.message), std::string::npos) << what << rejected;
    EXPECT_EQ(farm.all.responses.size(), 1U) << what;
    EXPECT_TRUE(farm.all.outgoing.empty()) << what;
    EXPECT_EQ(farm.all.audit.size(), 1U) << what;
    EXPECT_EQ(farm.world.commands.size(), 0U) << what;
    EXPECT_EQ(farm.world.requests.size(), 0U) << what;
  }

  Farm farm;
  int number = 100;
};

TEST_F(Refusals, OfTheEnvelope) {
  const std::string all = R"({"all":true})";
  const std::vector<Case> cases = {
      {"print.paus", all, "{}", "{}", "unknown_command", "command", "did you mean print.pause?"},
      {"rollout.create", all, "{}", "{}", "unsupported", "command", "comes with a later version"},
      {"printer.diagnose", all, R"({"seconds":121})", "{}", "out_of_range", "args.seconds", "120"},
      {"printer.diagnose", "{}", "{}", "{}", "empty_target", "target", "names no printers"},
      {"print.pause", "{}", "{}", "{}", "empty_target", "target", "names no printers"},
      {"print.pause", R"({"all":false})", "{}", "{}", "empty_target", "target", ""},
      {"print.pause", R"({"model":["K2Pro"]})", "{}", "{}", "unknown_argument", "target.model",
       "did you mean models?"},
      {"print.pause", R"({"models":["K3"]})", "{}", "{}", "not_found", "target.models[0]",
       "no model K3; known: K2Pro, K2Plus, K2Max"},
      {"print.pause", R"({"printers":["a-01","a-o2"]})", "{}", "{}", "unknown_printer",
       "target.printers[1]", "no printer a-o2; did you mean a-0"},
      {"print.pause", R"({"all":true,"exclude":["x"]})", "{}", "{}", "unknown_printer",
       "target.exclude[0]", "no printer x"},
      {"print.pause", R"({"states":["printin"]})", "{}", "{}", "out_of_range", "target.states[0]",
       "is none of unknown, offline, idle"},
      {"print.pause", R"({"firmware":"~3.1"})", "{}", "{}", "out_of_range", "target.firmware",
       "like <3.1.2"},
      {"print.pause", R"({"all":true,"limit":0})", "{}", "{}", "out_of_range", "target.limit", ""},
      {"print.pause", R"({"all":true,"percent":101})", "{}", "{}", "out_of_range", "target.percent",
       ""},
      {"print.pause", R"({"printers":"a-01"})", "{}", "{}", "wrong_type", "target.printers",
       "expected an array of texts, got string"},
      {"print.pause", all, "{}", R"({"dryrun":true})", "unknown_argument", "options.dryrun",
       "did you mean dry_run?"},
      {"print.pause", all, "{}", R"({"timeout_s":0})", "out_of_range", "options.timeout_s", ""},
      {"print.pause", all, "{}", R"({"max_in_flight":"9"})", "wrong_type", "options.max_in_flight",
       "got string"},
      {"print.pause", all, "{}", R"({"on_offline":"x"})", "out_of_range", "options.on_offline", ""},
      {"print.pause", all, "{}", R"({"reply":"x"})", "out_of_range", "options.reply", ""},
      {"print.pause", all, "{}", R"({"expires_at":"tomorrow"})", "wrong_type", "options.expires_at",
       ""},
      {"print.pause", all, "{}", R"({"expires_at":"2025-12-31T23:59:59Z"})", "expired",
       "options.expires_at", "nothing was sent"},
      {"print.pause", all, "{}", R"({"if_matched":"abc"})", "target_changed", "options.if_matched",
       ""},
      {"print.pause", all, "{}", R"({"timeout_s":1.5})", "wrong_type", "options.timeout_s",
       "expected a whole number, got number"},
      {"print.pause", all, "{}", R"({"interval_ms":3600001})", "out_of_range",
       "options.interval_ms", "3600001 is not within 0 to 3600000"},
      {"print.pause", all, "{}", R"({"heating_limit":0})", "out_of_range", "options.heating_limit",
       "0 is not within 1 to 10000"},
      {"print.pause", all, "{}", "[]", "wrong_type", "options", "expected an object, got array"},
      {"print.pause", all, "{}", R"({"expires_at":5})", "wrong_type", "options.expires_at",
       "expected a time like 2026-01-01T00:00:00Z, got number"},
      {"print.pause", R"({"all":true,"percent":0})", "{}", "{}", "out_of_range", "target.percent",
       "above 0"},
      {"print.pause", R"({"all":true,"percent":-1.8e308})", "{}", "{}", "out_of_range",
       "target.percent", "above 0"},
      {"print.pause", R"({"all":true,"limit":1e300})", "{}", "{}", "wrong_type", "target.limit",
       "a whole number"},
      {"print.pause", R"({"groups":[]})", "{}", "{}", "out_of_range", "target.groups",
       "expected 1 to 10000 entries, got 0"},
      {"print.pause", R"({"groups":[""]})", "{}", "{}", "out_of_range", "target.groups[0]",
       "is empty"},
      {"print.pause", "{\"groups\":[\"a\\u0007\"]}", "{}", "{}", "out_of_range", "target.groups[0]",
       "control characters"},
      {"print.pause", R"({"labels":{}})", "{}", "{}", "out_of_range", "target.labels", "is empty"},
      {"print.pause", R"({"labels":{"a":1}})", "{}", "{}", "wrong_type", "target.labels.a",
       "expected a text, got number"},
      {"print.pause", "7", "{}", "{}", "wrong_type", "target", "expected an object, got number"},
  };
  for (const Case& c : cases) {
    Expect(c);
  }
}

TEST_F(Refusals, OfArguments) {
  const std::string all = R"({"all":true})";
  const std::string one = R"({"printers":["a-01"]})";
  const std::string url(kStartUrl);
  const std::vector<Case> cases = {
      {"print.update", one, R"({"bed_target_c":130})", "{}", "out_of_range", "args.bed_target_c",
       "args.bed_target_c: 130 is above 90, the limit of K2Pro"},
      {"print.update", R"({"models":["K2Max"]})", R"({"bed_target_c":100.5})", "{}", "out_of_range",
       "args.bed_target_c", "100.5 is above 100, the limit of K2Max"},
      {"print.update", one, R"({"nozzle_target_c":-1})", "{}", "out_of_range",
       "args.nozzle_target_c", ""},
      {"print.update", one, R"({"nozzle_target_c":"200"})", "{}", "wrong_type",
       "args.nozzle_target_c", "expected a number, got string"},
      {"print.update", one, R"({"z_offset_mm":11})", "{}", "out_of_range", "args.z_offset_mm",
       "above 10, the limit of K2Pro"},
      {"print.update", all, R"({"z_offset_mm":0.1})", "{}", "confirm_required", "args.confirm",
       "3 printers matched"},
      {"print.update", one, R"({"print_speed_mode":"fast"})", "{}", "out_of_range",
       "args.print_speed_mode", "silent, standard, sport"},
      {"print.update", one, "{}", "{}", "missing_argument", "args", "needs any of"},
      {"print.update", one, R"({"bed_target":60})", "{}", "unknown_argument", "args.bed_target",
       "did you mean bed_target_c?"},
      {"fan.set", one, R"({"fan_ratio":50})", "{}", "out_of_range", "args.fan_ratio",
       "50 is not within 0 to 1"},
      {"fan.set", one, "{}", "{}", "missing_argument", "args.fan_ratio", ""},
      {"print.update", one, R"({"z_offset_mm":-1.8e308})", "{}", "out_of_range", "args.z_offset_mm",
       "it is not within the model's limits"},
      {"print.pause", one, R"({"if_job":18446744073709551615})", "{}", "out_of_range",
       "args.if_job", "too large"},
      {"print.pause", one, R"({"task_id":17})", "{}", "wrong_type", "args.task_id",
       "expected a text, got number"},
      {"print.pause", one, "7", "{}", "wrong_type", "args", "expected an object, got number"},
      {"fan.set", one, R"({"fan_ratio":null})", "{}", "wrong_type", "args.fan_ratio",
       "expected a number, got null"},
      {"fan.set", one, "null", "{}", "missing_argument", "args.fan_ratio", "speed of the fan"},
      {"printer.set", one, R"({"groups":["a",7]})", "{}", "wrong_type", "args.groups[1]",
       "expected a text, got number"},
      {"printer.set", one, R"({"labels":{"":"x"}})", "{}", "out_of_range", "args.labels",
       "name is empty"},
      {"printer.set", one, R"({"maintenance":true})", "{}", "wrong_type", "args.maintenance",
       "expected a text or null to clear it, got bool"},
      {"printer.set", one, R"({"firmware":"newest"})", "{}", "out_of_range", "args.firmware",
       "a version like 3.1.2"},
      {"printer.set", one, R"({"name":""})", "{}", "out_of_range", "args.name", "is empty"},
      {"job.list", "{}", R"({"state":"flying"})", "{}", "out_of_range", "args.state",
       "is none of open, requested"},
      {"command.get", "{}", R"({"request_id":"7"})", "{}", "out_of_range", "args.request_id",
       "expected a UUID"},
      {"status.query", one, R"({"x":1})", "{}", "unknown_argument", "args.x", "it takes none"},
      {"print.start", one, "{}", "{}", "missing_argument", "args", "exactly one of"},
      {"print.start", one, R"({"artifact":"a"})", "{}", "not_found", "args.artifact", "library"},
      {"print.start", one, R"({"artifact":"a","md5":"0123456789abcdef0123456789abcdef"})", "{}",
       "unknown_argument", "args.md5", "goes with url"},
      {"print.start", one, R"({"url":"http://h/a"})", "{}", "missing_argument", "args.md5", ""},
      {"print.start", one, "{" + url + R"(,"file":{"storage":"local","filename":"b"}})", "{}",
       "unknown_argument", "args", "exactly one of"},
      {"print.start", one, R"({"file":{"storage":"sd","filename":"b"}})", "{}", "out_of_range",
       "args.file.storage", "\\\"sd\\\" is none of local, usb"},
      {"print.start", one, R"({"file":{"storage":"usb"}})", "{}", "missing_argument",
       "args.file.filename", ""},
      {"print.start", one,
       R"({"url":"ftp://h","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"filename":"a"})",
       "{}", "out_of_range", "args.url", "http"},
      {"file.delete_local", one, "{}", "{}", "missing_argument", "args.filename", ""},
      {"file.delete_local", one, "{\"filename\":\"a\\u0000b\"}", "{}", "out_of_range",
       "args.filename", "control characters"},
      {"file.delete_usb", one, R"({"filename_b64":"@"})", "{}", "out_of_range", "args.filename_b64",
       ""},
      {"video.start_capture", one, R"({"region":"r"})", "{}", "missing_argument",
       "args.tmp_secret_key", "all four, or none"},
      {"cloud.recommend_list", one, R"({"records":[{"md5":"x"}]})", "{}", "missing_argument",
       "args.records[0].url", ""},
      {"cloud.recommend_list", one, R"({"records":[{"md5":"x","url":"u","size":3}]})", "{}",
       "unknown_argument", "args.records[0].size", "did you mean"},
      {"print.start", one, R"({"file":{"storage":"usb","filename":"b","pth":"/"}})", "{}",
       "unknown_argument", "args.file.pth", "did you mean path?"},
      {"print.start", one, "{" + url + R"(,"project_type":1001})", "{}", "out_of_range",
       "args.project_type", "0 to 1000"},
      {"ota.update", one,
       R"({"url":"http://h","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u"})",
       "{}", "confirm_required", "args.confirm", ""},
      {"ota.update", all,
       R"({"url":"http://h","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u","confirm":true})",
       "{}", "too_many", "target", "exactly one"},
      {"ota.report_version", one, R"({"artifact":"x"})", "{}", "unsupported", "args.artifact", ""},
      {"ota.report_version", one, R"({"version":"3.1.4"})", "{}", "missing_argument", "args.url",
       ""},
      {"ota.report_version", one,
       R"({"url":"http://h","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u"})",
       "{}", "confirm_required", "args.confirm", ""},
      {"ota.report_version", all,
       R"({"url":"http://h","md5":"0123456789abcdef0123456789abcdef","size_bytes":5,"version":"3.1.4","name":"u","confirm":true})",
       "{}", "too_many", "target", "exactly one"},
      {"printer.raw", one, R"({"type":" Print","action":"START "})", "{}", "out_of_range",
       "args.type", "a word of letters"},
      {"printer.raw", one, R"({"type":"Print","action":"START"})", "{}", "unsupported",
       "args.action", "cannot be sent raw"},
      {"printer.raw", one, R"({"type":"OTA","action":"update"})", "{}", "unsupported",
       "args.action", ""},
      {"printer.raw", one, R"({"type":"a/b","action":"c"})", "{}", "out_of_range", "args.type", ""},
      {"printer.raw", all, R"({"type":"axis","action":"query"})", "{}", "too_many", "target", ""},
      {"printer.set", all, R"({"name":"x"})", "{}", "too_many", "args.name", ""},
      {"printer.set", one, R"({"name":"a-02"})", "{}", "conflict", "args.name", ""},
      {"printer.set", one, R"({"name":"a-03-id"})", "{}", "conflict", "args.name", ""},
      {"printer.set", one, R"({"bed":"clean"})", "{}", "out_of_range", "args.bed", ""},
      {"printer.set", one, "{}", "{}", "missing_argument", "args", ""},
      {"printer.enroll", one, R"({"model":"K2Pro"})", "{}", "unknown_argument", "args.model", ""},
      {"printer.enroll", one, R"({"printer_id":"x","model":"K2Pro"})", "{}", "unknown_argument",
       "target", "args.printer_id says which"},
      {"printer.enroll", "{}", R"({"printer_id":"a/b","model":"K2Pro"})", "{}", "out_of_range",
       "args.printer_id", "1 to 128 bytes"},
      {"printer.enroll", "{}", R"({"printer_id":"new"})", "{}", "missing_argument", "args.model",
       "never connected"},
      {"printer.enroll", "{}", R"({"printer_id":"new","model":"K9"})", "{}", "not_found",
       "args.model", "no model K9; known: K2Pro, K2Plus, K2Max"},
      {"printer.enroll", "{}", R"({"printer_id":"a-01-id","model":"K2Max"})", "{}", "conflict",
       "args.model", "is a K2Pro, not a K2Max"},
      {"printer.enroll", "{}", R"({"printer_id":"a-01","model":"K2Pro"})", "{}", "conflict",
       "args.printer_id", "the name of printer a-01-id"},
      {"printer.enroll", "{}", R"({"printer_id":"new","model":"K2Pro","name":"a-02"})", "{}",
       "conflict", "args.name", ""},
      {"printer.replace", one, "{}", "{}", "missing_argument", "args.by", ""},
      {"printer.replace", all, R"({"by":"a-02"})", "{}", "too_many", "target", "exactly one"},
      {"printer.replace", R"({"groups":["none"]})", R"({"by":"a-02"})", "{}", "not_found", "target",
       "0 printers matched"},
      {"printer.replace", one, R"({"by":"new"})", "{}", "unknown_printer", "args.by",
       "printer.enroll registers"},
      {"printer.replace", one, R"({"by":"a-01-id"})", "{}", "conflict", "args.by", "itself"},
      {"printer.replace", one, R"({"by":"a-02"})", "{}", "confirm_required", "args.confirm", ""},
      {"job.list", R"({"models":["K2Pro"]})", "{}", "{}", "unsupported", "target", ""},
      {"job.list", "{}", R"({"limit":5000})", "{}", "out_of_range", "args.limit", ""},
      {"job.get", "{}", "{}", "{}", "missing_argument", "args.job_id", ""},
      {"job.set", "{}", R"({"job_id":1,"verdict":"bad"})", "{}", "out_of_range", "args.verdict",
       ""},
      {"command.cancel", "{}", R"({"command_id":99})", "{}", "not_found", "args", ""},
      {"fleet.hold", one, "{}", "{}", "unknown_argument", "target", ""},
  };
  for (const Case& c : cases) {
    Expect(c);
  }
}

std::string RejectedReason(Farm& farm, const std::string& payload, const Delivery& delivery) {
  farm.Clear();
  farm.Send(payload, delivery);
  EXPECT_TRUE(farm.all.outgoing.empty());
  return At(farm.Last("rejected"), "reason");
}

TEST_F(Refusals, OfBytes) {
  EXPECT_EQ(RejectedReason(farm, "{", farm.operator_), "\"malformed\"");
  EXPECT_EQ(farm.all.responses[0].to.topic, "fleet/v1/response/anna/-");
  EXPECT_EQ(RejectedReason(farm, "[]", farm.operator_), "\"malformed\"");
  EXPECT_EQ(
      RejectedReason(farm, R"({"command":"print.pause","target":{"all":true}})", farm.operator_),
      "\"malformed\"");
  EXPECT_EQ(RejectedReason(farm, R"({"id":"7","command":"print.pause","target":{"all":true}})",
                           farm.operator_),
            "\"malformed\"");
  EXPECT_EQ(RejectedReason(farm, std::string(300 * 1024, ' '), farm.operator_), "\"too_large\"");
  const std::string deep =
      R"({"command":"printer.list","args":)" + std::string(40, '[') + std::string(40, ']') + "}";
  EXPECT_EQ(RejectedReason(farm, deep, farm.operator_), "\"malformed\"");
}

TEST_F(Refusals, OfTheDelivery) {
  const std::string resume = Farm::Make(1, "print.resume", R"({"all":true})");
  Delivery delivery = farm.operator_;
  delivery.retained = true;
  EXPECT_EQ(RejectedReason(farm, resume, delivery), "\"retained\"");
  delivery = farm.operator_;
  delivery.author_known = false;
  EXPECT_EQ(RejectedReason(farm, resume, delivery), "\"forbidden\"");
  delivery = farm.operator_;
  delivery.role = settings::Role::kViewer;
  EXPECT_EQ(RejectedReason(farm, resume, delivery), "\"forbidden\"");
  delivery = farm.operator_;
  delivery.backlog = true;
  delivery.deaf_for = seconds(5);
  EXPECT_EQ(RejectedReason(farm, resume, delivery), "\"stale\"");
  delivery.deaf_for = seconds(61);
  EXPECT_EQ(RejectedReason(farm, Farm::Make(1, "print.stop", R"({"all":true})"), delivery),
            "\"stale\"");
  delivery = farm.operator_;
  delivery.message_expiry_s = 0;
  EXPECT_EQ(RejectedReason(farm, resume, delivery), "\"expired\"");
}

// Whatever the bytes: an answer, no crash, and no message that the request did not ask for.
TEST_F(Refusals, MutatedRequestsNeverCrash) {
  const std::vector<std::string> seeds = {
      Farm::Make(1, "print.update", R"({"models":["K2Pro"],"labels":{"a":"b"},"percent":50})",
                 R"({"bed_target_c":0,"nozzle_target_c":0})", R"({"timeout_s":5})"),
      Farm::Make(2, "print.start", R"({"all":true})", "{" + std::string(kStartUrl) + "}"),
      Farm::Make(3, "cloud.recommend_list", R"({"printers":["a-01"]})",
                 R"({"records":[{"md5":"x","url":"y","size_bytes":1}]})"),
      Farm::Make(4, "printer.set", R"({"printers":["a-01"]})", R"({"labels":{"a":null}})"),
  };
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a fixed seed, on purpose
  const std::string bytes = "{}[]\",:0e-1\\u\xff\x01nft";
  for (int i = 0; i < 20000; ++i) {
    std::string payload = seeds[random() % seeds.size()];
    for (size_t n = random() % 4 + 1; n > 0; --n) {
      payload[random() % payload.size()] = bytes[random() % bytes.size()];
    }
    payload.resize(random() % 8 == 0 ? random() % payload.size() : payload.size());
    farm.Clear();
    farm.Send(payload);
    EXPECT_GE(farm.all.responses.size(), 1U) << payload;
    for (const Response& response : farm.all.responses) {
      EXPECT_NE(At(response.json, "event"), "missing") << response.json;
    }
  }
}

TEST_F(Refusals, OfTheResponseTopicGoToTheDefaultTopic) {
  for (const char* topic : {"fleet/v1/response/bob/x", "fleet/v1/response/anna/",
                            "fleet/v1/response/anna/+", "$SYS/x", "fleet/v1/printers/a/state"}) {
    Delivery delivery = farm.operator_;
    delivery.response_topic = topic;
    EXPECT_EQ(RejectedReason(farm, Farm::Make(1, "print.resume", R"({"all":true})"), delivery),
              "\"bad_response_topic\"")
        << topic;
    EXPECT_EQ(farm.all.responses[0].to.topic, "fleet/v1/response/anna/" + Farm::Id(1));
  }
}

}  // namespace
}  // namespace printfleet::fleet
