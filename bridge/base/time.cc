#include "base/time.h"

#include <array>
#include <cstdio>

#include "base/time_text.h"

namespace printfleet {
namespace {

// Reads exactly `digits` decimal digits at `at`; -1 when there is anything else.
int ReadDigits(std::string_view text, size_t at, size_t digits) {
  if (at + digits > text.size()) {
    return -1;
  }
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The last `digits` decimal digits of `number`, leading zeros too; behind them.
char* WriteDigits(char* at, int64_t number, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return at + digits;
}

// "Z" or "+hh:mm" or "-hh:mm", to the end of the text.
std::optional<std::chrono::minutes> ReadZone(std::string_view zone) {
  if (zone == "Z" || zone == "z") {
    return std::chrono::minutes(0);
  }
  const int hours = ReadDigits(zone, 1, 2);
  const int minutes = ReadDigits(zone, 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hours < 0 ||
      hours > 23 || minutes < 0 || minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes offset(hours * 60 + minutes);
  return zone[0] == '+' ? offset : -offset;
}

}  // namespace

std::string FormatIso8601(WallTime time) {
  std::array<char, kIso8601Bytes> text{};
  return std::string(FormatIso8601(time, text));
}

std::string_view FormatIso8601(WallTime time, std::array<char, kIso8601Bytes>& text) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto ms_of_day = (time - day).count();
  char* at = text.data();
  if (static_cast<int>(date.year()) < 0 || static_cast<int>(date.year()) > 9999) {
    // Nobody's clock says so; as wide as it is.
    const int size = std::snprintf(at, text.size(), "%04d", static_cast<int>(date.year()));
    at += size;
  } else {
    at = WriteDigits(at, static_cast<int>(date.year()), 4);
  }
  const auto put = [&at](char before, int64_t number, int digits) {
    *at++ = before;
    at = WriteDigits(at, number, digits);
  };
  put('-', static_cast<unsigned>(date.month()), 2);
  put('-', static_cast<unsigned>(date.day()), 2);
  put('T', ms_of_day / 3600000, 2);
  put(':', ms_of_day / 60000 % 60, 2);
  put(':', ms_of_day / 1000 % 60, 2);
  put('.', ms_of_day % 1000, 3);
  *at++ = 'Z';
  return {text.data(), static_cast<size_t>(at - text.data())};
}

std::optional<WallTime> ParseIso8601(std::string_view text) {
  const int year = ReadDigits(text, 0, 4);
  const int month = ReadDigits(text, 5, 2);
  const int day = ReadDigits(text, 8, 2);
  const int hour = ReadDigits(text, 11, 2);
  const int minute = ReadDigits(text, 14, 2);
  const int second = ReadDigits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  size_t at = 19;
  int64_t fraction_ms = 0;
  if (at < text.size() && text[at] == '.') {
    int64_t scale = 100;
    const size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      fraction_ms += (text[at] - '0') * scale;
    }
    if (at == first) {
      return std::nullopt;
    }
  }
  const auto zone = ReadZone(text.substr(at));
  if (!date.ok() || !zone) {
    return std::nullopt;
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + milliseconds(fraction_ms) -
         *zone;
}

}  // namespace printfleet
