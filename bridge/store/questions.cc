#include "store/questions.h"

#include <algorithm>
#include <charconv>

#include "store/statements.h"

namespace printfleet::store {
namespace {

using Kind = fleet::Question::Kind;

struct Query {
  const Statement* statement = nullptr;
  std::vector<Cell> parameters;
};

// `text` as a positive id; "0", which nothing has, when it is none.
std::string IdText(const std::string& text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return std::to_string(whole ? std::max<int64_t>(id, 0) : 0);
}

std::string LimitText(const fleet::Question& question) {
  return std::to_string(std::clamp<int64_t>(question.limit, 0, kQuestionRowsMax));
}

std::vector<Cell> ListParameters(const fleet::Question& question) {
  return {question.filter_printer, question.filter_state,
          std::to_string(std::max<int64_t>(question.after, 0)), LimitText(question)};
}

Query CommandListQuery(const fleet::Question& question) {
  Query query{&kCommandList, ListParameters(question)};
  for (const std::string* filter :
       {&question.filter_command, &question.filter_author, &question.filter_since}) {
    query.parameters.emplace_back(*filter);
  }
  return query;
}

// "<author>\n<request id>" as two parameters, and those of `more`.
std::vector<Cell> RequestParameters(const std::string& subject, std::vector<Cell> more = {}) {
  const size_t line = subject.find('\n');
  std::vector<Cell> parameters = {subject.substr(0, line), subject.substr(line + 1)};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return parameters;
}

Query CommandGetQuery(const fleet::Question& question) {
  Query query{&kCommandGetById, {IdText(question.subject)}};
  if (question.subject.find('\n') != std::string::npos) {
    query = {&kCommandGetByRequest, RequestParameters(question.subject)};
  }
  query.parameters.emplace_back(question.after_printer);
  query.parameters.emplace_back(question.filter_state);
  query.parameters.push_back(LimitText(question));
  return query;
}

Result<Query> QueryOf(const fleet::Question& question) {
  switch (question.kind) {
    case Kind::kJobList:
      return Query{&kJobList, ListParameters(question)};
    case Kind::kJobGet:
    case Kind::kJobSet:
      return Query{&kJobGet, {IdText(question.subject)}};
    case Kind::kCommandList:
      return CommandListQuery(question);
    case Kind::kCommandGet:
      return CommandGetQuery(question);
    case Kind::kEventList:
      return Query{&kEventList, ListParameters(question)};
    case Kind::kReprint:
      return Query{&kReprint, {IdText(question.subject), question.filter_printer}};
    case Kind::kReplay:
      return Query{&kReplay, RequestParameters(question.subject, {question.argument})};
  }
  return Error{Errc::kInvalid, "no such question"};
}

Result<SqlRows> Ask(Session& session, const fleet::Question& question) {
  const Result<Query> query = QueryOf(question);
  if (!query) {
    return query.error();
  }
  Transaction transaction(session);
  const Status begun = transaction.Begin();
  if (!begun) {
    return begun.error();
  }
  const Result<SqlRows> limited = session.Exec(kLimitQuestionTime);
  if (!limited) {
    return limited;
  }
  Result<SqlRows> rows = session.Run(*query->statement, query->parameters);
  if (!rows) {
    return rows;
  }
  const Status committed = transaction.Commit();
  return committed ? std::move(rows) : committed.error();
}

}  // namespace

core::Answer AnswerQuestion(Session& session, fleet::Question question) {
  core::Answer answer;
  Result<SqlRows> rows = Ask(session, question);
  answer.question = std::move(question);
  answer.ok = rows.ok();
  if (!rows) {
    answer.error = rows.error().message;
    return answer;
  }
  for (SqlRow& row : *rows) {
    answer.rows.push_back(std::move(row.at(0)).value_or("{}"));
  }
  return answer;
}

}  // namespace printfleet::store
