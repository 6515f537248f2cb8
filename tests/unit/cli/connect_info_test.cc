#include "cli/connect_info.h"

#include <gtest/gtest.h>

#include <random>

namespace printfleet::cli {
namespace {

const std::string kId = "9347a110c5423fe412ce45533bfc10E6";
const std::string kSecret = "hunter2 is no hex";

std::string Padded(std::string text, char with) {
  text.resize(128, with);
  return text;
}

TEST(ConnectInfo, HasTheIdInFront) {
  for (const std::string& text : {kId, kId + "\n", kId + kSecret, kId + std::string(200, '\0'),
                                  Padded(kId, '\xff') + kSecret, kId + kId + kId + kId + kId}) {
    const auto info = ReadConnectInfo(text);
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(info->printer_id, kId);  // its case is kept
    EXPECT_FALSE(info->ambiguous);
  }
}

TEST(ConnectInfo, HasTheIdBehind128Bytes) {
  for (const std::string& front :
       {Padded("", '\0'), Padded(kSecret, ' '), Padded("mqtts://mqtt.anycubic.com:8883", '\0'),
        Padded(kId.substr(0, 31), '\0'), Padded("\xef\xbb\xbf", 'x')}) {
    for (const char* behind : {"", "\n", "abcdef0123456789"}) {
      const auto info = ReadConnectInfo(front + kId + behind);
      ASSERT_TRUE(info.ok()) << info.error().message;
      EXPECT_EQ(info->printer_id, kId);
    }
  }
}

TEST(ConnectInfo, TakesTheFirstOfTwoAndSaysSo) {
  const std::string other = "00000000000000000000000000000001";
  const auto info = ReadConnectInfo(Padded(kId, ' ') + other);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->printer_id, kId);
  EXPECT_TRUE(info->ambiguous);
}

TEST(ConnectInfo, WithoutAnIdIsAClearErrorThatShowsNothingOfIt) {
  for (const std::string& text :
       {std::string(), kId.substr(0, 31), " " + kId, "{\"id\":\"" + kId + "\"}",
        Padded(kSecret, 'x') + kId.substr(0, 31), Padded(kSecret, 'x') + "x" + kId,
        std::string(4096, '\0'), Padded(kSecret, 'g') + std::string(1 << 20, '\xff')}) {
    const auto info = ReadConnectInfo(text);
    ASSERT_FALSE(info.ok());
    const std::string& message = info.error().message;
    EXPECT_NE(message.find("bytes 0 to 31"), std::string::npos) << message;
    EXPECT_NE(message.find("bytes 128 to 159"), std::string::npos) << message;
    EXPECT_NE(message.find("of its " + std::to_string(text.size()) + " bytes"), std::string::npos);
    EXPECT_EQ(message.find("hunter2"), std::string::npos);
    EXPECT_EQ(message.find("9347a110"), std::string::npos);
  }
}

TEST(ConnectInfo, OfAnyBytesGivesNoIdButHexDigits) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 200, '\0');
    for (char& c : text) {
      c = random() % 2 == 0 ? kId[random() % kId.size()] : static_cast<char>(random());
    }
    if (const auto info = ReadConnectInfo(text); info.ok()) {
      EXPECT_EQ(info->printer_id.size(), 32U);
      EXPECT_EQ(info->printer_id.find_first_not_of("0123456789abcdefABCDEF"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace printfleet::cli
