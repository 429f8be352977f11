// The lock with patience by a clock that nobody sets, which <pthread.h> shows to GNU sources alone (glibc 2.30).
#ifndef TRIGGERD_PATIENCE_H
#define TRIGGERD_PATIENCE_H

#include <pthread.h>
#include <time.h>

extern int pthread_rwlock_clockwrlock(pthread_rwlock_t *, clockid_t, const struct timespec *);

/// Gives whether the lock was had before the instant of the monotonic clock.
static inline int triggerd_write_lock(pthread_rwlock_t *lock, const struct timespec *until) {
    return pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, until) == 0;
}

#endif
