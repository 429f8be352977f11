#include "ccrash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
enum { signal_count = sizeof signals / sizeof *signals };
static struct sigaction before[signal_count];

static atomic_int noted = -1;
static unsigned char mark[64];
static size_t mark_length;

static void note(void) {
    int file = atomic_load(&noted);
    if (file >= 0 && pwrite(file, mark, mark_length, 0) < 0) return; /* It says less then. */
}

/* Calls nothing but what a handler of a signal may. */
static void crashed(int number) {
    note();
    for (int i = 0; i < signal_count; i++)
        if (signals[i] == number) sigaction(number, &before[i], NULL);
    /* It comes when this returns. */
    raise(number);
}

void triggerd_note_crash(int file, const unsigned char *bytes, size_t count) {
    static atomic_flag is_set = ATOMIC_FLAG_INIT;
    if (file >= 0) {
        mark_length = count < sizeof mark ? count : sizeof mark;
        memcpy(mark, bytes, mark_length);
    }
    atomic_store(&noted, file);
    if (file < 0 || atomic_flag_test_and_set(&is_set)) return;
    atexit(note);
    struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < signal_count; i++) sigaction(signals[i], &action, &before[i]);
}

void triggerd_note_overflow(void) {
    /* For as long as the thread lives, which is one of a few that last as long as the process. */
    enum { room = 64 << 10 };
    stack_t stack = { .ss_sp = malloc(room), .ss_size = room };
    if (stack.ss_sp) sigaltstack(&stack, NULL);
}
