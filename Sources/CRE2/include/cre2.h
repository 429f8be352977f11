// RE2 for Swift: a regular expression is compiled once and searched for by any thread, in time linear in the text.
#ifndef TRIGGERD_CRE2_H
#define TRIGGERD_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cre2_pattern;

/// Letters are the same in either case; nothing is captured. `max_memory` bounds, in bytes, the program and what
/// searches keep of it. NULL where it does not compile: `fault` then holds why, in RE2's words, cut to `room` bytes.
struct cre2_pattern *cre2_compile(const char *text, size_t length, int64_t max_memory, char *fault, size_t room);

/// Instructions of its program: no byte of a text costs more than to look at each of them.
size_t cre2_instructions(const struct cre2_pattern *pattern);

/// Whether some part of the text is one that it describes. The text is UTF-8.
bool cre2_finds(const struct cre2_pattern *pattern, const uint8_t *text, size_t length);

void cre2_free(struct cre2_pattern *pattern);

#ifdef __cplusplus
}
#endif

#endif
