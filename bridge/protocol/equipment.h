// Reports of what a printer has and what is around it: camera, lights, axes, networks, boxes of
// filament. Most are of neighbouring models. Part of report.h, whose rules hold here.
//
// Source: shared protocol dossier §3.7, §3.8; members of boxes and spools:
// WaresWichall/hass-anycubic_cloud, which refuses what it does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace printfleet::protocol {

enum class VideoWord {
  kStarted,  // initSuccess
  kJoined,   // joinSuccess: a viewer of the cloud
  kLeft,     // leaveSuccess
  kStopped,  // pushStopped
  kDone,
  kFailed,
  kNone,
  kUnknown,
};

// [§3.7]
struct VideoReport {
  VideoWord word = VideoWord::kNone;
};

enum class UserAction { kBindQuery, kUnbind, kOther };

// The printer and its owner at the cloud.
struct UserReport {
  UserAction action = UserAction::kOther;
  bool done = false;
};

// What is plugged in ("peripherie").
struct PeripheralsReport {
  std::optional<bool> camera;
  std::optional<bool> filament_box;
  std::optional<bool> usb_stick;
};

enum class LightPlace { kHead, kChamber, kCamera, kUnknown };

struct Light {
  LightPlace place = LightPlace::kUnknown;
  std::optional<bool> on;
  std::optional<double> brightness_ratio;
};

struct LightReport {
  std::vector<Light> lights;
};

enum class AxisAction { kMove, kTurnOff, kQuery, kOther };

struct AxisReport {
  AxisAction action = AxisAction::kOther;
  std::optional<double> x_mm;
  std::optional<double> y_mm;
  std::optional<double> z_mm;
};

struct WifiReport {
  std::optional<int64_t> signal_strength;  // as sent: no source says in what unit
};

// queryInfo: no source says what it holds.
struct NetworkReport {
  bool done = false;
};

struct FilamentSlot {
  std::optional<int64_t> index;
  std::optional<std::string_view> material;
};

struct FilamentBox {
  std::optional<int64_t> id;
  std::optional<int64_t> loaded_slot;  // -1 for none
  std::optional<double> temperature_c;
  std::optional<bool> drying;
  std::optional<double> drying_target_c;
  std::vector<FilamentSlot> slots;
};

enum class FilamentBoxAction {
  kGetInfo,
  kSetInfo,
  kRefresh,
  kSetDry,
  kAutoUpdateDryStatus,
  kFeedFilament,
  kSetAutoFeed,
  kAutoUpdateInfo,
  kOther,
};

// "multiColorBox".
struct FilamentBoxReport {
  FilamentBoxAction action = FilamentBoxAction::kOther;
  bool done = false;
  std::vector<FilamentBox> boxes;  // those that the message speaks of
};

// "extfilbox", the holder beside the printer.
struct SpoolHolderReport {
  std::optional<std::string_view> material;
  std::optional<bool> loaded;
};

}  // namespace printfleet::protocol
