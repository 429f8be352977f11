#include "cre2.h"

#include <re2/re2.h>

#include <cstdio>

struct cre2_pattern {
  RE2 expression;
};

namespace {

RE2::Options options(int64_t max_memory) {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_never_capture(true);
  options.set_log_errors(false);
  options.set_max_mem(max_memory);
  return options;
}

bool finds(const RE2 &expression, re2::StringPiece text) {
  return expression.Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

}  // namespace

cre2_pattern *cre2_compile(const char *text, size_t length, int64_t max_memory, char *fault, size_t room) {
  auto *pattern = new cre2_pattern{RE2(re2::StringPiece(text, length), options(max_memory))};
  if (!pattern->expression.ok()) {
    snprintf(fault, room, "%s", pattern->expression.error().c_str());
    delete pattern;
    return nullptr;
  }
  // One that ends with `$` is searched for backwards, by a program that the first search makes: better here and now.
  finds(pattern->expression, "");
  return pattern;
}

size_t cre2_instructions(const cre2_pattern *pattern) { return pattern->expression.ProgramSize(); }

bool cre2_finds(const cre2_pattern *pattern, const uint8_t *text, size_t length) {
  return finds(pattern->expression, re2::StringPiece(reinterpret_cast<const char *>(text), length));
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }
