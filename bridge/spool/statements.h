// The tables of the spool's file. What is written here is format kFormat: a change makes a new one,
// and File::Open brings older ones up to it.
#pragma once

#include <cstdint>
#include <string_view>

namespace printfleet::spool {

inline constexpr int64_t kFormat = 1;
inline constexpr int64_t kApplicationId = 0x50465370;  // "PFSp"
inline constexpr int64_t kPageBytes = 8192;

// One by one as sqlite_schema gives them back: a file with other tables is none of ours.
inline constexpr std::string_view kTables[] = {
    // One row. How many entries there are: counting them would read the whole file.
    "CREATE TABLE spool(identity TEXT NOT NULL, reports INTEGER NOT NULL,"
    " records INTEGER NOT NULL)",
    // Boots of the machine that monotonic times are of.
    "CREATE TABLE boots(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE entries(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    " kept_at INTEGER NOT NULL, doubt INTEGER, summed INTEGER NOT NULL, topic BLOB NOT NULL,"
    " payload BLOB NOT NULL, retained INTEGER, backlog INTEGER, received_at INTEGER,"
    " received_mono INTEGER, read_until_mono INTEGER, boot INTEGER, ingest_seq INTEGER,"
    " deaf_for_s INTEGER, message_expiry_s INTEGER, response_topic BLOB, correlation_data BLOB)",
    "CREATE INDEX records ON entries(id) WHERE kind <> 0",
    "CREATE INDEX doubts ON entries(doubt, id) WHERE doubt IS NOT NULL",
};

// The columns of `entries` in the order of spool/row.cc. `summed` is half of
// MessageDigest(topic, payload): tells bytes that have changed on the disk. Times are milliseconds.
#define PRINTFLEET_SPOOL_COLUMNS                                                       \
  "id, kind, kept_at, doubt, summed, topic, payload, retained, backlog, received_at, " \
  "received_mono, read_until_mono, boot, ingest_seq, deaf_for_s, message_expiry_s, "   \
  "response_topic, correlation_data"

inline constexpr std::string_view kInsert =
    "INSERT INTO entries(" PRINTFLEET_SPOOL_COLUMNS
    ") VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr std::string_view kRead =
    "SELECT " PRINTFLEET_SPOOL_COLUMNS " FROM entries WHERE id > ? ORDER BY id";
inline constexpr std::string_view kReadStops =
    "SELECT " PRINTFLEET_SPOOL_COLUMNS
    " FROM entries INDEXED BY records WHERE kind <> 0 AND kind = 1 ORDER BY id";

#undef PRINTFLEET_SPOOL_COLUMNS

inline constexpr std::string_view kCount = "SELECT count(*) FROM entries WHERE id > ? AND id <= ?";
inline constexpr std::string_view kCountRecords =
    "SELECT count(*) FROM entries INDEXED BY records WHERE kind <> 0 AND id > ? AND id <= ?";
inline constexpr std::string_view kRemove = "DELETE FROM entries WHERE id > ? AND id <= ?";
inline constexpr std::string_view kFirst = "SELECT id FROM entries ORDER BY id LIMIT 1";
inline constexpr std::string_view kFirstAfter =
    "SELECT kept_at FROM entries WHERE id > ? ORDER BY id LIMIT 1";

inline constexpr std::string_view kDoubts =
    "SELECT DISTINCT doubt FROM entries WHERE doubt IS NOT NULL ORDER BY doubt";
inline constexpr std::string_view kFirstInDoubt =
    "SELECT min(id) FROM entries INDEXED BY doubts WHERE doubt IS NOT NULL";
inline constexpr std::string_view kCountDoubtRecords =
    "SELECT count(*) FROM entries INDEXED BY doubts WHERE doubt = ? AND kind <> 0";
inline constexpr std::string_view kRemoveDoubt = "DELETE FROM entries WHERE doubt = ?";
inline constexpr std::string_view kClearDoubt = "UPDATE entries SET doubt = NULL WHERE doubt = ?";

inline constexpr std::string_view kBootNumber = "SELECT id FROM boots WHERE name = ?";

inline constexpr std::string_view kTotal = "SELECT reports, records FROM spool";
inline constexpr std::string_view kTotalOfBoth = "SELECT reports + records FROM spool";
inline constexpr std::string_view kAddToTotal =
    "UPDATE spool SET reports = reports + ?, records = records + ?";
inline constexpr std::string_view kLastId =
    "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entries'), 0),"
    " coalesce((SELECT max(id) FROM entries), 0))";

}  // namespace printfleet::spool
