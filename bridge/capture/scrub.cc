#include "capture/scrub.h"

#include <algorithm>

#include "capture/addresses.h"
#include "capture/characters.h"

namespace printfleet::capture {
namespace {

constexpr size_t kIdHexDigits = 32;
constexpr size_t kOddIdBytesMin = 6;       // a shorter one would be found in every text
constexpr size_t kOddIdsMax = 64;          // each is looked for in every word
constexpr size_t kOpaqueBytesMin = 40;     // upper, lower and digits mixed: a credential
constexpr size_t kPathTokenBytesMin = 16;  // of an URL: what only who was told it can guess
constexpr size_t kMarkedTokenBytesMin = 16;
constexpr int kVersionNumberMax = 9;  // what begins with more is an address, not a version

// How tokens begin that say so themselves: a JSON web token, cloud key ids.
constexpr std::string_view kTokenMarks[] = {"eyJ", "AKID", "AKIA", "ASIA", "ghp_"};

bool IsWordCharacter(char c) {
  return IsLetter(c) || IsDigit(c) ||
         std::string_view("._-:@%+~").find(c) != std::string_view::npos;
}

bool IsOpaqueCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || std::string_view("+/_=-").find(c) != std::string_view::npos;
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool IsQuote(char c) {
  return c == '"' || c == '\'';
}

bool EndsUrl(char c) {
  return IsBlank(c) || IsQuote(c) || c == '<' || c == '>' || c == '\\';
}

bool HasAllClasses(std::string_view text) {
  return std::ranges::any_of(text, IsUpper) && std::ranges::any_of(text, IsLower) &&
         std::ranges::any_of(text, IsDigit);
}

bool IsPathToken(std::string_view word) {
  return word.size() >= kPathTokenBytesMin && word.find('.') == std::string_view::npos &&
         std::ranges::any_of(word, IsDigit) && std::ranges::any_of(word, IsLetter);
}

bool IsMarkedToken(std::string_view word) {
  return word.size() >= kMarkedTokenBytesMin &&
         std::ranges::any_of(kTokenMarks, [word](auto mark) { return word.starts_with(mark); });
}

}  // namespace

// One text from its beginning to its end.
class Scrubber::Pass {
 public:
  Pass(const Scrubber& scrubber, std::string_view text, Sensitivity sensitivity)
      : scrubber_(scrubber), text_(text), sensitivity_(sensitivity) {}

  std::string Run() {
    while (at_ < text_.size()) {
      if (TakeOpaque() || TakeQuery()) {
        continue;
      }
      if (IsWordCharacter(text_[at_])) {
        TakeWord();
      } else {
        in_url_ = in_url_ && !EndsUrl(text_[at_]);
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Pseudonyms& names() const { return scrubber_.pseudonyms_; }

  // The end of what begins at `from` and consists of characters `belongs` says yes to.
  template <typename Belongs>
  size_t EndOf(size_t from, Belongs belongs) const {
    const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(from);
    return static_cast<size_t>(std::find_if_not(begin, text_.end(), belongs) - text_.begin());
  }

  void Redact(size_t end) {
    out_ += kRedacted;
    at_ = end;
  }

  // A long run of base64 and its like. File names may be long.
  bool TakeOpaque() {
    if (at_ < opaque_end_ || sensitivity_ == Sensitivity::kFile || !IsOpaqueCharacter(text_[at_])) {
      return false;
    }
    const bool in_url = in_url_;
    opaque_end_ =
        EndOf(at_, [in_url](char c) { return IsOpaqueCharacter(c) && !(in_url && c == '/'); });
    const bool names_file = in_url && opaque_end_ < text_.size() && text_[opaque_end_] == '.';
    if (names_file || opaque_end_ - at_ < kOpaqueBytesMin ||
        !HasAllClasses(text_.substr(at_, opaque_end_ - at_))) {
      return false;
    }
    Redact(opaque_end_);
    return true;
  }

  // "?key=value&…" and, in a URL, anything behind "?" or "#".
  bool TakeQuery() {
    if (text_[at_] != '?' && !(text_[at_] == '#' && in_url_)) {
      return false;
    }
    const size_t name_end = EndOf(at_ + 1, IsWordCharacter);
    const bool assigns = name_end > at_ + 1 && name_end < text_.size() && text_[name_end] == '=';
    const size_t end = EndOf(at_ + 1, [](char c) { return !EndsUrl(c); });
    if ((!in_url_ && !assigns) || end == at_ + 1) {
      return false;
    }
    out_ += text_[at_];
    Redact(end);
    return true;
  }

  void TakeWord() {
    const size_t end = EndOf(at_, IsWordCharacter);
    const std::string_view word = text_.substr(at_, end - at_);
    if (word.ends_with(':') && text_.substr(end).starts_with("//")) {
      out_.append(word).append("//");
      at_ = end + 2;
      TakeAuthority();
      return;
    }
    if (TakeAssigned(word)) {
      return;
    }
    at_ = end;
    out_ += CleanWord(word);
  }

  // Of a URL: login and host.
  void TakeAuthority() {
    const size_t end =
        EndOf(at_, [](char c) { return !EndsUrl(c) && c != '/' && c != '?' && c != '#'; });
    std::string_view host = text_.substr(at_, end - at_);
    at_ = end;
    in_url_ = true;
    if (const size_t login_end = host.rfind('@'); login_end != std::string_view::npos) {
      out_.append(kRedacted).append("@");
      host.remove_prefix(login_end + 1);
    }
    const size_t bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
    if (bracket != std::string_view::npos) {
      out_ += "[" + names().Ipv6(host.substr(1, bracket - 1)) + "]";
      out_ += host.substr(bracket + 1);
      return;
    }
    const std::string_view name = host.substr(0, host.find(':'));
    if (Ipv4Length(name, 0) == name.size() && !name.empty()) {
      out_ += names().Ipv4(name);
    } else if (!name.empty()) {
      out_ += names().Host(name);
    }
    out_ += host.substr(name.size());
  }

  // "password=…", "token: …": a name with what it is given. `word` begins at at_.
  bool TakeAssigned(std::string_view word) {
    const size_t colon = word.find(':');
    const std::string_view name = word.substr(0, colon);
    const Sensitivity given = SensitivityOf(name);
    if (given != Sensitivity::kSecret && given != Sensitivity::kAddress &&
        given != Sensitivity::kId) {
      return false;
    }
    size_t at = at_ + name.size();
    at = EndOf(at, [](char c) { return IsQuote(c) || c == '\\' || c == ' '; });
    if (at >= text_.size() || (text_[at] != ':' && text_[at] != '=')) {
      return false;
    }
    const bool ends_at_blank = text_[at] == '=';
    at = EndOf(at, [](char c) { return c == ':' || c == '=' || c == '>' || c == ' '; });
    at = EndOf(at, [](char c) { return c == '\\'; });
    const char quote = at < text_.size() && IsQuote(text_[at]) ? text_[at++] : '\0';
    const size_t end = EndOf(at, [quote, ends_at_blank](char c) {
      const bool ends = c == '\n' || c == ',' || c == ';' || c == '&' || c == '|' ||
                        (ends_at_blank && IsBlank(c));
      return quote != '\0' ? c != quote : !ends && !IsQuote(c);
    });
    out_ += text_.substr(at_, at - at_);
    out_ += scrubber_.Scrub(text_.substr(at, end - at), given);
    at_ = end;
    return true;
  }

  std::string CleanWord(std::string_view word) const {
    const size_t mail = word.find('@');
    const bool is_mail = mail != std::string_view::npos && mail > 0 && mail + 1 < word.size();
    if (is_mail || IsMarkedToken(word) || (in_url_ && IsPathToken(word))) {
      return std::string(kRedacted);
    }
    if (const size_t colon = ColonAddressAt(word); colon != std::string_view::npos) {
      const std::string_view address = Address(word.substr(colon));
      return std::string(word.substr(0, colon)) +
             (IsMac(address) ? names().Mac(address) : names().Ipv6(address)) +
             std::string(word.substr(colon + address.size()));
    }
    if (in_url_ && scrubber_.redact_filenames_ && word.find('.') != std::string_view::npos) {
      return names().FileName(word);
    }
    return CleanIds(CleanQuads(word));
  }

  // A word without the zone behind "%" and the punctuation of a sentence.
  static std::string_view Address(std::string_view word) {
    word = word.substr(0, word.find('%'));
    while (word.ends_with('.') || (word.ends_with(':') && !word.ends_with("::"))) {
      word.remove_suffix(1);
    }
    return word;
  }

  // Where in `word` an address with colons or dashes begins: at its beginning or behind a name and
  // a colon; npos for nowhere.
  static size_t ColonAddressAt(std::string_view word) {
    constexpr int kNamesMax = 3;
    size_t at = 0;
    for (int i = 0; i < kNamesMax; ++i) {
      const std::string_view address = Address(word.substr(at));
      if (IsMac(address) || (address.find(':') != std::string_view::npos && IsIpv6(address))) {
        return at;
      }
      const size_t colon = word.find(':', at);
      if (colon == std::string_view::npos) {
        break;
      }
      at = colon + 1;
    }
    return std::string_view::npos;
  }

  [[nodiscard]] bool MayBeVersion(std::string_view quad) const {
    const bool named = sensitivity_ == Sensitivity::kVersion || sensitivity_ == Sensitivity::kFile;
    return named && quad.find('.') == 1 && quad[0] - '0' <= kVersionNumberMax;
  }

  std::string CleanQuads(std::string_view word) const {
    std::string out;
    for (size_t at = 0; at < word.size();) {
      const bool begins = at == 0 || (!IsDigit(word[at - 1]) && word[at - 1] != '.');
      const size_t length = begins && IsDigit(word[at]) ? Ipv4Length(word, at) : 0;
      const std::string_view quad = word.substr(at, length);
      if (length == 0) {
        out += word[at++];
        continue;
      }
      out += MayBeVersion(quad) ? std::string(quad) : names().Ipv4(quad);
      at += length;
    }
    return out;
  }

  std::string CleanIds(std::string word) const {
    for (const std::string& id : scrubber_.odd_ids_) {
      for (size_t at = word.find(id); at != std::string::npos; at = word.find(id, at + id.size())) {
        word.replace(at, id.size(), names().SameShape(id));
      }
    }
    std::string out;
    for (size_t at = 0; at < word.size();) {
      size_t end = at;
      while (end < word.size() && IsHexDigit(word[end])) {
        ++end;
      }
      const std::string_view hex = std::string_view(word).substr(at, end - at);
      out += IsId(hex) ? names().SameShape(hex) : std::string(hex);
      if (end < word.size()) {
        out += word[end++];
      }
      at = end;
    }
    return out;
  }

  // Long hex numbers are ids, but for a file's digest that has none of the known ids in it.
  [[nodiscard]] bool IsId(std::string_view hex) const {
    if (hex.size() < kIdHexDigits) {
      return false;
    }
    if (sensitivity_ != Sensitivity::kDigest) {
      return true;
    }
    const std::string lower = Lower(hex);
    for (size_t at = 0; at + kIdHexDigits <= lower.size(); ++at) {
      if (scrubber_.ids_.contains(std::string_view(lower).substr(at, kIdHexDigits))) {
        return true;
      }
    }
    return false;
  }

  const Scrubber& scrubber_;
  const std::string_view text_;
  const Sensitivity sensitivity_;
  size_t at_ = 0;
  size_t opaque_end_ = 0;  // up to here it is known that no opaque run begins
  bool in_url_ = false;
  std::string out_;
};

void Scrubber::AddId(std::string_view id) {
  if (id.size() == kIdHexDigits && std::ranges::all_of(id, IsHexDigit)) {
    ids_.insert(Lower(id));
  } else if (id.size() >= kOddIdBytesMin && odd_ids_.size() < kOddIdsMax) {
    odd_ids_.emplace(id);
  }
}

std::string Scrubber::Scrub(std::string_view text, Sensitivity sensitivity) const {
  switch (sensitivity) {
    case Sensitivity::kSecret:
      return text.empty() ? "" : std::string(kRedacted);
    case Sensitivity::kId:
      return pseudonyms_.SameShape(text);
    case Sensitivity::kAddress: {
      // What is no address of a known form is a name: of a network or a host.
      std::string scrubbed = Pass(*this, text, Sensitivity::kNone).Run();
      return scrubbed == text ? pseudonyms_.SameShape(text) : scrubbed;
    }
    case Sensitivity::kFile:
      if (redact_filenames_) {
        return ScrubPath(text);
      }
      break;
    case Sensitivity::kNone:
    case Sensitivity::kDigest:
    case Sensitivity::kVersion:
      break;
  }
  return Pass(*this, text, sensitivity).Run();
}

std::string Scrubber::ScrubPath(std::string_view path) const {
  std::string out;
  while (true) {
    const size_t slash = path.find('/');
    out += pseudonyms_.FileName(path.substr(0, slash));
    if (slash == std::string_view::npos) {
      return out;
    }
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace printfleet::capture
