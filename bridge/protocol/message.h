// What decode.cc hands to the reader of a message type.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/dialect.h"
#include "protocol/fields.h"
#include "protocol/report.h"
#include "protocol/words.h"

namespace printfleet::protocol {

struct Message {
  const Envelope& envelope;
  const Fields& members;  // of the message itself
  const Dialect& dialect;

  // Without members when the message has no data object. Once a reader: a mistyped one is noted.
  [[nodiscard]] Fields Data() const { return members.Object("data"); }

  [[nodiscard]] bool done() const {
    return envelope.state == "done" || envelope.state == "success";
  }

  // What the message's action and state mean by the reader's table.
  template <typename T, size_t kSize>
  [[nodiscard]] T Action(const std::array<Word<T>, kSize>& words, T otherwise) const {
    return Meaning(words, "action", envelope.action, otherwise);
  }

  template <typename T, size_t kSize>
  [[nodiscard]] T State(const std::array<Word<T>, kSize>& words, T otherwise) const {
    return Meaning(words, "state", envelope.state, otherwise);
  }

 private:
  template <typename T, size_t kSize>
  T Meaning(const std::array<Word<T>, kSize>& words, std::string_view member, std::string_view word,
            T otherwise) const {
    const std::optional<T> meaning = MeaningOf(words, word);
    if (!meaning && !word.empty()) {
      members.NoteUnknownWord(member, word);
    }
    return meaning.value_or(otherwise);
  }
};

}  // namespace printfleet::protocol
