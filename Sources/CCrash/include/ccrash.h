#ifndef CCRASH_H
#define CCRASH_H

#include <stddef.h>

/* From now on a crash of the process (a signal such as SIGSEGV or SIGABRT, or exit()) writes `count` bytes of `mark` at
 * the beginning of the file before the process ends as it would have. What handled the signal before does so after.
 * The file -1: it does no more. */
void triggerd_note_crash(int file, const unsigned char *mark, size_t count);

/* Has the handler work in the calling thread also where the thread's own stack has run over. */
void triggerd_note_overflow(void);

#endif
