#include "http/traffic.h"

namespace printfleet::http {

void CountUploadAnswer(Traffic& traffic, int status) {
  constexpr int kFirstError = 400;
  if (status < kFirstError) {
    ++traffic.uploads;
    return;
  }
  switch (status) {
    case 401:
    case 403:
      ++traffic.refused_key;
      break;
    case 413:
      ++traffic.refused_too_large;
      break;
    case 415:
      ++traffic.refused_type;
      break;
    case 507:
      ++traffic.refused_full;
      break;
    default:
      ++traffic.refused_other;
  }
}

}  // namespace printfleet::http
