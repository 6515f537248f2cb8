// The wire's type and action of each request.
#include "protocol/request.h"

namespace printfleet::protocol {
namespace {

std::string_view ActionOf(JobVerb verb) {
  switch (verb) {
    case JobVerb::kPause:
      return "pause";
    case JobVerb::kResume:
      return "resume";
    case JobVerb::kStop:
      return "stop";
    case JobVerb::kCancel:
      return "cancel";
  }
  return "";
}

struct WireNames {
  WireName operator()(const ListFiles& request) const {
    return {"file", request.storage == Storage::kLocal ? "listLocal" : "listUdisk"};
  }

  WireName operator()(const DeleteFile& request) const {
    return {"file", request.storage == Storage::kLocal ? "deleteLocal" : "deleteUdisk"};
  }

  WireName operator()(const SendRecommendList&) const { return {"file", "cloudRecommendList"}; }

  WireName operator()(const QueryStatus&) const { return {"status", "query"}; }

  WireName operator()(const StartCapture&) const { return {"video", "startCapture"}; }

  WireName operator()(const QuerySliceParams&) const { return {"print", "getSliceParam"}; }

  WireName operator()(const QueryPrint&) const { return {"print", "query"}; }

  WireName operator()(const MapLocalTask&) const { return {"print", "localtasktrans"}; }

  WireName operator()(const StartFromUrl&) const { return {"print", "start"}; }

  WireName operator()(const StartFromFile&) const { return {"print", "start"}; }

  WireName operator()(const ControlJob& request) const { return {"print", ActionOf(request.verb)}; }

  WireName operator()(const UpdatePrint&) const { return {"print", "update"}; }

  WireName operator()(const SetFan&) const { return {"set", "update"}; }

  WireName operator()(const QueryVersion&) const { return {"ota", "reportVersion"}; }

  WireName operator()(const UpdateFirmware&) const { return {"ota", "update"}; }

  WireName operator()(const RawRequest& request) const { return {request.type, request.action}; }
};

}  // namespace

WireName WireNameOf(const Request& request) {
  return std::visit(WireNames(), request);
}

}  // namespace printfleet::protocol
