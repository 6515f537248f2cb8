// The inventory of the printers' own files: lists that they sent, and deletions that they
// confirmed. Their reports say neither which folder was listed nor which file is gone: our request
// does.
#include <algorithm>
#include <array>

#include "core/core.h"

namespace printfleet::core {
namespace {

using protocol::FileAction;
using protocol::Storage;

struct Kind {
  FileAction action;
  Storage storage;
  std::string_view command;  // of ours, that such a report answers
};

constexpr std::array<Kind, 4> kKinds{
    {{FileAction::kListLocal, Storage::kLocal, "file.list_local"},
     {FileAction::kListUsb, Storage::kUsb, "file.list_usb"},
     {FileAction::kDeleteLocal, Storage::kLocal, "file.delete_local"},
     {FileAction::kDeleteUsb, Storage::kUsb, "file.delete_usb"}}};

const Kind* KindOf(FileAction action) {
  const auto* const found = std::ranges::find(kKinds, action, &Kind::action);
  return found == kKinds.end() ? nullptr : found;
}

std::string_view Name(Storage storage) {
  return storage == Storage::kLocal ? "local" : "usb";
}

// A folder has one name: "/a/b", whether it was asked for as "a/b", "/a/b/" or so.
std::string FolderOf(std::string_view path) {
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

bool SameList(const FileListRow& list, const FileDeletionRow& deletion) {
  return list.printer_id == deletion.printer_id && list.storage == deletion.storage &&
         list.path == deletion.path;
}

}  // namespace

// `live`: it is of now, so that questions can follow from it.
void Core::LogFiles(const protocol::Report& report, bool live, const Instant& now) {
  const auto* files = std::get_if<protocol::FileReport>(&report.body);
  const Kind* kind = files != nullptr && files->done ? KindOf(files->action) : nullptr;
  if (kind == nullptr) {
    return;
  }
  const auto requests = fleet::RequestsOut(world_, PrinterId(report.printer_id), kind->command,
                                           report.envelope.msgid);
  if (kind->action == FileAction::kListLocal || kind->action == FileAction::kListUsb) {
    LogListing(report, *files, kind->storage, requests, now);
  } else {
    LogDeletion(report, kind->storage, requests, live);
  }
}

// The list is of the folder that was asked for, by us or by others; those ask for the root. Which
// of two folders it is, nobody can say: then it is not kept.
void Core::LogListing(const protocol::Report& report, const protocol::FileReport& files,
                      Storage storage, const std::vector<protocol::Request>& requests,
                      const Instant& now) {
  FileListRow row;
  row.printer_id = report.printer_id;
  row.storage = Name(storage);
  row.path = "/";
  row.listed_at = now.wall;
  for (const protocol::Request& request : requests) {
    std::string folder = FolderOf(std::get<protocol::ListFiles>(request).path);
    if (&request != &requests.front() && folder != row.path) {
      return;
    }
    row.path = std::move(folder);
  }
  for (const protocol::FileRecord& record : files.records) {
    row.files.push_back(
        {std::string(record.filename), record.size_bytes, record.modified_at, record.is_directory});
  }
  effects_.rows.file_lists.push_back(std::move(row));
}

// What we asked to delete is gone. What others deleted we do not know, so we ask for the list.
void Core::LogDeletion(const protocol::Report& report, Storage storage,
                       const std::vector<protocol::Request>& requests, bool live) {
  if (requests.size() != 1) {
    if (live) {
      printer::Questions questions;
      (storage == Storage::kLocal ? questions.local_files : questions.usb_files) = true;
      batch_asks_.push_back({Asks::Ask{PrinterId(report.printer_id), questions}, false});
    }
    return;
  }
  const auto& request = std::get<protocol::DeleteFile>(requests.front());
  FileDeletionRow row{PrinterId(report.printer_id), std::string(Name(storage)),
                      FolderOf(request.path), request.filename};
  for (FileListRow& list : effects_.rows.file_lists) {
    if (SameList(list, row)) {
      std::erase_if(list.files, [&row](const auto& file) { return file.filename == row.filename; });
    }
  }
  effects_.rows.file_deletions.push_back(std::move(row));
}

}  // namespace printfleet::core
