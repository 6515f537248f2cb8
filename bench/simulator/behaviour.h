// How the simulated printers behave: what the protocol leaves open, and the faults of the model
// itself (those of the wire are in faults.h). Plain data, shared read-only by all printers.
#pragma once

#include <string>

namespace printfleet::simulator {

enum class CancelMode { kIgnore, kStop, kFree };
enum class OtaFault { kNone, kDownload, kVerify, kUpdate, kOldVersion, kNeverBack, kSilent };

struct Behaviour {
  double speedup = 1;             // the printer's clock against ours: heating, printing, rebooting
  double report_interval_s = 10;  // tempature/auto, on our clock, jittered by 20 %
  double status_interval_s = 60;  // unasked workReport; 0: only at changes
  int layers = 100;
  double print_minutes = 60;
  int print_report_gap_ms = 200;  // at least so long between two reports of a running print
  double nozzle_c = 210;
  double bed_c = 60;
  int files = 3;
  bool odd_names = false;

  double echo_msgid = 0.5;  // probability that a reply carries its request's msgid
  bool ack_response = false;
  bool lenient = false;
  bool overlapping_filters = false;
  bool localtasktrans_answers = true;
  CancelMode cancel = CancelMode::kIgnore;
  bool vendor_codes = false;      // pause 10401, resume 501, stop 601 instead of 200
  bool failed_data_null = false;  // `failed` without data, so without a task id
  bool check_url_host = false;    // firmware >= 3.1.0 unpatched: only the vendor's hosts
  int connect_copies = 1;         // how often the greeting reports are sent at each connect
  bool greeting_extras = false;   // user/bindQuery and file/cloudRecommendList at connect

  double ignore_commands = 0;
  double fail_commands = 0;
  double lose_finished = 0;
  double free_early = 0;
  double job_fail = 0;          // a job that breaks off at some layer
  double corrupt_download = 0;  // a download whose md5 is said to be wrong
  double reboot_per_minute = 0;
  OtaFault ota_fault = OtaFault::kNone;
  double ota_fault_rate = 1;  // probability with which ota_fault strikes
  bool load = false;          // prints for ever and says nothing by itself (see load.h)
};

}  // namespace printfleet::simulator
