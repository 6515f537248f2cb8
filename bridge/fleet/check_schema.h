// Requests against their schemas (schema/envelope.json, schema/commands.yaml): what is wrong, as a
// rejection that says where and what would be right. Pure.
#pragma once

#include <optional>

#include "base/json.h"
#include "fleet/catalog.h"
#include "fleet/request.h"

namespace printfleet::fleet {

// Compiles the schemas, which takes some milliseconds: at start, so that no request waits for it;
// the first check does it otherwise. All of this is for one thread at a time.
void PrepareSchemas();

// What all requests have in common; of `args` only that it is an object.
std::optional<Rejection> CheckEnvelope(json::Value request);

// `args` by the command's own schema; null or missing counts as {}.
std::optional<Rejection> CheckArgumentsSchema(const CommandSpec& spec, json::Value args);

}  // namespace printfleet::fleet
