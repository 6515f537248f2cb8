#include "capture/redact.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace printfleet::capture {
namespace {

constexpr const char* kId = "9347a110c5423fe412ce45533bfc10e6";
constexpr const char* kTopicHead = "anycubic/anycubicCloud/v1/printer/public/20021/";
const std::string kTopic = std::string(kTopicHead) + kId + "/print/report";

class Redact : public ::testing::Test {
 protected:
  Message Redacted(const std::string& payload, const std::string& topic = kTopic) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    redactor_.Redact(message);
    return message;
  }

  std::string Payload(const std::string& payload) {
    return std::get<std::string>(Redacted(payload).payload);
  }

  // `secret` is in neither topic nor payload of what comes of `payload`.
  void ExpectGone(const std::string& payload, const std::string& secret) {
    const std::string line = LineOf(Redacted(payload));
    EXPECT_EQ(line.find(secret), std::string::npos) << payload << "\n" << line;
  }

  void ExpectKept(const std::string& payload) { EXPECT_EQ(Payload(payload), payload); }

  Redactor redactor_{{"salt of this capture", false}};
};

bool IsHexText(const std::string& text) {
  return text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string LevelOf(const std::string& topic, int level) {
  size_t at = 0;
  for (; level > 0; --level) {
    at = topic.find('/', at) + 1;
  }
  return topic.substr(at, topic.find('/', at) - at);
}

TEST_F(Redact, WhatIsToBeLearnedStays) {
  ExpectKept(
      R"({"type":"print","action":"start","timestamp":1705245340137,"msgid":)"
      R"("c548672e-7b80-4759-ad1b-96078491fcfb","state":"printing","code":200,"msg":"done","data":)"
      R"({"taskid":"-1","filename":"XXX - Base_PLA_0.2_2h15m (1).gcode","progress":3,)"
      R"("print_time":1.933,"supplies_usage":4903,"localtask":"","curr_layer":0,"big":1.5e300,)"
      R"("is_dir":false,"nothing":null,"list":[1,"two",[]]}})");
  ExpectKept(R"({"data":{"firmware_version":"3.1.2.3","md5":"e12e44aee7343975bd1bbb5702236471"}})");
  ExpectKept(R"({"filename":"日本 模型.gcode","filepath":"/mnt/UDISK/a.b/"})");
  ExpectKept(R"({"msg":"stopped by user, 10401 at 12:30:45; error 1.5"})");
  ExpectKept(R"("text")");
  ExpectKept(R"([])");
}

TEST_F(Redact, TheFourSecretsOfAVideoRequest) {
  const std::string cleaned = Payload(
      R"({"type":"video","data":{"region":"ap-guangzhou","tmpSecretKey":"a/b+c=","tmpSecretId":)"
      R"("AKIDxyz","sessionToken":"tok"}})");
  EXPECT_EQ(cleaned, R"({"type":"video","data":{"region":"[redacted]","tmpSecretKey":"[redacted]",)"
                     R"("tmpSecretId":"[redacted]","sessionToken":"[redacted]"}})");
}

// schema/commands.yaml marks secret arguments; each must be one here by its name on the wire.
TEST(Sensitive, EverySecretOfTheCatalog) {
  std::ifstream file(std::string(PRINTFLEET_SOURCE_DIR) + "/schema/commands.yaml");
  int secrets = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("secret: true") == std::string::npos) {
      continue;
    }
    ++secrets;
    const size_t begin = line.find("wire: [") + 7;
    const std::string path = line.substr(begin, line.find(']', begin) - begin);
    EXPECT_EQ(SensitivityOf(path.substr(path.rfind('.') + 1)), Sensitivity::kSecret) << line;
  }
  EXPECT_GE(secrets, 4);
}

TEST_F(Redact, SecretsWhereverTheyAre) {
  for (const auto* payload : {
           R"({"password":"hunter2"})",
           R"({"PassWord":"hunter2"})",
           R"({"user_name":"hunter2"})",
           R"({"user":{"name":"hunter2","ids":[{"x":"hunter2"}]}})",
           R"({"wifi_pwd":"hunter2"})",
           R"({"api-key":["hunter2",["hunter2"]]})",
           R"({"settings":[{"name":"password","value":"hunter2"}]})",
           R"({"msg":"password=hunter2"})",
           R"({"msg":"login failed, Password: hunter2, twice"})",
           R"({"msg":"Authorization: Bearer hunter2"})",
           R"({"msg":"token = 'hunter2 and more'"})",
           R"({"msg":"{\"token\":\"hunter2\"}"})",
           R"({"msg":"\"{\\\"token\\\":\\\"hunter2\\\"}\""})",
           R"({"slice_param":"[{\"secret\":{\"deep\":\"hunter2\"}}]"})",
           R"({"url":"http://bob:hunter2@printer.local/a.gcode"})",
           R"({"url":"https://x/a.gcode?sign=hunter2&q=1"})",
           R"({"url":"https://x/a.gcode#hunter2"})",
           R"({"msg":"GET /a.gcode?auth=hunter2 failed"})",
           R"({"msg":"mail hunter2@example.org"})",
           R"({"msg":"see https://a.example/https://hunter2.example/x"})",
       }) {
    ExpectGone(payload, "hunter2");
  }
  ExpectGone(R"({"secret_number":48151623})", "48151623");
  ExpectGone(R"({"msg":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln"})", "eyJhbGciOiJIUzI1NiJ9");
  ExpectGone(R"({"x":"Zm9vYmFyMDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OTw/+aa=="})", "Zm9vYmFy");
  ExpectGone(R"({"url":"https://x.example/dl/Ab3dE6gH9jK2mN5p/a.gcode"})", "Ab3dE6gH9jK2mN5p");
}

TEST_F(Redact, AddressesWhereverTheyAre) {
  for (const auto& [payload, address] : std::vector<std::pair<std::string, std::string>>{
           {R"({"ip":"192.168.7.23"})", "192.168.7.23"},
           {R"({"msg":"connect to 192.168.7.23:8883 failed"})", "192.168.7.23"},
           {R"({"msg":"ip=192.168.7.23."})", "192.168.7.23"},
           {R"({"firmware_version":"192.168.7.23"})", "192.168.7.23"},
           {R"({"list":["fe80::1ff:fe23:4567:890a%eth0"]})", "fe80::1ff:fe23:4567:890a"},
           {R"({"msg":"from [2a01:4f8::1]:99"})", "2a01:4f8::1"},
           {R"({"msg":"addr:2a01:4f8:0:1:2:3:4:5"})", "2a01:4f8:0:1:2:3:4:5"},
           {R"({"x":"a4:5E:60:01:02:03"})", "a4:5E:60:01:02:03"},
           {R"({"x":"A4-5E-60-01-02-03"})", "A4-5E-60-01-02-03"},
           {R"({"mac":"a45e60010203"})", "a45e60010203"},
           {R"({"ssid":"Our Home 5G"})", "Our Home"},
           {R"({"wifi":{"SSID_name":"Our Home 5G"}})", "Our Home"},
           {R"({"msg":"SSID: Our Home 5G"})", "Home"},
           {R"({"host":"nas.fritz.box"})", "fritz"},
           {R"({"url":"http://nas.fritz.box:8080/f/a.gcode"})", "fritz"},
           {R"({"url":"mqtts://[fe80::12]:8883"})", "fe80"},
           {R"({"url":"http:\/\/192.168.7.23\/a.gcode"})", "192.168.7.23"},
           {R"({"url":"https://mine-125.cos.myqcloud.com/a.jpg"})", "mine-125"},
       }) {
    ExpectGone(payload, address);
  }
}

TEST_F(Redact, AUrlStaysAUrl) {
  const std::string cleaned =
      Payload(R"({"url":"https://mine-125.cos.myqcloud.com:443/uploads/benchy 1.gcode?a=b"})");
  EXPECT_TRUE(cleaned.starts_with(R"({"url":"https://host-)")) << cleaned;
  EXPECT_NE(cleaned.find(".myqcloud.com:443/uploads/benchy 1.gcode?"), std::string::npos)
      << cleaned;
}

TEST_F(Redact, IdsGetTheSameStandInEverywhere) {
  const Message message =
      Redacted(std::string(R"({"data":{"device_unionid":")") + kId + R"(","a":"dev|fdm|20021|)" +
               kId + R"(","b":"printer_)" + kId + R"(.log","md5":")" + kId + R"("}})");
  const std::string stand_in = LevelOf(message.topic, 6);
  EXPECT_EQ(stand_in.size(), 32U);
  EXPECT_TRUE(IsHexText(stand_in)) << stand_in;
  EXPECT_NE(stand_in, kId);
  EXPECT_EQ(redactor_.PrinterId(kId), stand_in);
  EXPECT_EQ(std::get<std::string>(message.payload),
            R"({"data":{"device_unionid":")" + stand_in + R"(","a":"dev|fdm|20021|)" + stand_in +
                R"(","b":"printer_)" + stand_in + R"(.log","md5":")" + stand_in + R"("}})");
  Redactor other({"another salt", false});
  EXPECT_NE(other.PrinterId(kId), stand_in);
}

TEST_F(Redact, EveryFormOfTopic) {
  for (const auto* head :
       {"anycubic/anycubicCloud/v1/server/printer/20021/",
        "anycubic/anycubicCloud/v1/printer/app/m7/", "anycubic/anycubicCloud/printer/public/20021/",
        "anycubic/anycubicCloud/v1/web/printer/1/"}) {
    for (const std::string& id : {std::string(kId), std::string("Kobra-0017"), std::string("x")}) {
      const std::string topic = head + id + "/file/listLocal";
      const Message message = Redacted("{}", topic);
      EXPECT_EQ(message.topic, head + redactor_.PrinterId(id) + "/file/listLocal");
      EXPECT_NE(redactor_.PrinterId(id), id);
      EXPECT_EQ(redactor_.PrinterId(id).size(), id.size());
    }
  }
}

TEST_F(Redact, AnIdOfAnotherFormIsFoundInTexts) {
  redactor_.PrinterId("Kobra-0017");
  ExpectGone(R"({"msg":"I am Kobra-0017, or xKobra-0017y"})", "Kobra-0017");
  ExpectGone(R"({"Kobra-0017":1})", "Kobra-0017");
}

TEST_F(Redact, FileNamesGoOnlyWhenAsked) {
  Redactor strict({"salt", true});
  Message message;
  message.topic = kTopic;
  message.payload = std::string(
      R"({"filename":"grandma.gcode","path":"/mnt/grandma/x","url":"http://h/u/grandma.gcode"})");
  strict.Redact(message);
  const std::string& payload = std::get<std::string>(message.payload);
  EXPECT_EQ(payload.find("grandma"), payload.rfind("/grandma")) << payload;
  EXPECT_EQ(payload.find("grandma"), std::string::npos) << payload;
  EXPECT_NE(payload.find(".gcode"), std::string::npos);
}

TEST_F(Redact, BytesThatAreNoJsonAreWithheld) {
  for (const std::string& bytes :
       {std::string("hunter2"), std::string(), std::string("\x00\x01", 2), std::string("{\"a\":"),
        std::string(200, '[') + std::string(200, ']')}) {
    const Message message = Redacted(bytes);
    const auto* withheld = std::get_if<Withheld>(&message.payload);
    ASSERT_NE(withheld, nullptr) << bytes;
    EXPECT_EQ(withheld->bytes, static_cast<int64_t>(bytes.size()));
    EXPECT_EQ(LineOf(message).find("hunter2"), std::string::npos);
  }
  EXPECT_EQ(std::get<Withheld>(Redacted("a").payload).fingerprint,
            std::get<Withheld>(Redacted("a").payload).fingerprint);
  EXPECT_NE(std::get<Withheld>(Redacted("a").payload).fingerprint,
            std::get<Withheld>(Redacted("b").payload).fingerprint);
}

TEST_F(Redact, BytesOfNamesThatAreNotUtf8Stay) {
  const std::string gbk = "{\"filename\":\"\xC4\xA3\xD0\xCD.gcode\",\"password\":\"\xC4\xA3\"}";
  EXPECT_EQ(Payload(gbk), "{\"filename\":\"\xC4\xA3\xD0\xCD.gcode\",\"password\":\"[redacted]\"}");
  EXPECT_NE(LineOf(Redacted(gbk)).find("\"payload_b64\""), std::string::npos);
}

TEST_F(Redact, MembersTwiceInOneObjectAreBothCleaned) {
  ExpectGone(R"({"token":1,"token":"hunter2"})", "hunter2");
  ExpectGone(R"({"a":{"pass":"x"},"a":{"pass":"hunter2"}})", "hunter2");
}

// A hostile printer cannot make a capture slow: each of these would take minutes if anything were
// quadratic.
TEST_F(Redact, HugeTextsTakeLinearTime) {
  constexpr size_t kBytes = 1 << 18;
  const auto began = std::chrono::steady_clock::now();
  for (const std::string& piece : {std::string("a"), std::string("1."), std::string(":"),
                                   std::string("a:"), std::string("?a="), std::string("http://"),
                                   std::string("password:"), std::string("@"), std::string("/")}) {
    std::string text;
    while (text.size() < kBytes) {
      text += piece;
    }
    const std::string cleaned = Payload("{\"msg\":\"" + text + "\"}");
    EXPECT_LT(cleaned.size(), 20 * kBytes);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace printfleet::capture
