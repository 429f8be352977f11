/* What the programs of this folder share: how users are drawn, how time and CPU are measured, and what is printed. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t seed = 0x2545f4914f6cdd1dULL, users;
static int is_zipf;

static uint64_t draw(void) { /* xorshift */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
/* One user; skewed: the n-th most active is drawn about 1/n as often as the first, and neighbours are no neighbours. */
static uint64_t draw_user(void) {
    if (!is_zipf) return draw() % users;
    double rank = exp((double)(draw() >> 11) * 0x1p-53 * log((double)users + 1)) - 1;
    return (uint64_t)rank * 611953 % users;
}
static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* CPU of this process, all threads. */
static inline int64_t cpu_us(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}
/* The same when what a run left for the background is done. */
static inline int64_t settled_cpu_us(void) {
    for (int64_t before = cpu_us();;) {
        usleep(300000);
        int64_t after = cpu_us();
        if (after - before < 6000) return after; /* 2 % of a core */
        before = after;
    }
}

static int32_t *took;
static size_t took_count, took_room;

static void note(int64_t began, int64_t ended) {
    if (took_count == took_room) took = realloc(took, (took_room = took_room ? took_room * 2 : 1 << 20) * sizeof *took);
    took[took_count++] = (int32_t)(ended - began);
}
static int ascending(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}
/* One JSON object: what was noted are calls of so many events. */
static void report(int in_flight, int batch, uint64_t events, double elapsed, int64_t cpu) {
    qsort(took, took_count, sizeof *took, ascending);
    printf("{\"in_flight\": %d, \"batch\": %d, \"events\": %llu, \"events_per_s\": %.0f, \"ms\": {\"p50\": %.3f, \"p99\": %.3f, "
           "\"p999\": %.3f, \"max\": %.3f}", in_flight, batch, (unsigned long long)events, (double)events / elapsed,
           took[took_count / 2] / 1e3, took[took_count * 99 / 100] / 1e3, took[took_count * 999 / 1000] / 1e3,
           took[took_count - 1] / 1e3);
    if (cpu >= 0) printf(", \"cpu_us\": %.2f", (double)cpu / (double)events);
    printf("}\n");
}
