/* What the store's work costs at the least where a commit is one record of a log: users in memory, RocksDB filled behind.
 * For each event: is its id new; change its user; replace its timer; append a decision; keep the event.
 *
 *   log_floor FOLDER USERS SECONDS BATCH [zipf]      prints events a second as one JSON object
 *
 * A record goes to a file that was written with zeros before, past the page cache. What it was written from stays in
 * memory until another thread has given RocksDB one sorted table a family. No socket, no protocol, no rules, no recovery. */
#define _GNU_SOURCE
#include "measure.h"
#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { RECORD = 300, DECISION = 150, KEPT = 120, GENERATIONS = 3, SEGMENT = 64 << 20, BLOCK = 4096, MOST = 1024 };
enum { USERS, TIMERS, DECISIONS, IDS, EVENTS, FAMILIES };
static const char *names[FAMILIES] = { "default", "timers", "decisions", "ids", "events" };

typedef struct {
    uint64_t user, due_before, due;
    unsigned char id[16], record[RECORD], decision[DECISION], kept[KEPT], pad[6];
} event;
typedef struct { uint64_t sum, bytes, first, count; } head;
typedef struct {
    unsigned char *bytes;
    size_t used;
    uint64_t first, count;
    event **events;
    uint32_t *ids; /* open addressing: the number of an event here, from 1 */
    int file;
} generation;

enum { EVENTS_MOST = SEGMENT / sizeof(event) + 1, IDS_ROOM = 1 << 18 };
_Static_assert(IDS_ROOM > 2 * EVENTS_MOST && sizeof(event) % 8 == 0, "half of the table stays free, words fit");

static rocksdb_t *db;
static rocksdb_options_t *options[FAMILIES];
static rocksdb_column_family_handle_t *family[FAMILIES];
static const char *folder;
static generation pool[GENERATIONS];
static unsigned char (*states)[RECORD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t frozen, stored; /* generations, counted from the start */

static void check(char *error) { if (error) fprintf(stderr, "%s\n", error), exit(1); }
static void sure(int is_so, const char *what) { if (!is_so) perror(what), exit(1); }
static void number(void *to, uint64_t value) { value = __builtin_bswap64(value); memcpy(to, &value, 8); }
static uint64_t word(const void *from) { uint64_t value; memcpy(&value, from, 8); return value; }

/* ---- the view: one table a family, keys rise, the last of equal ones counts ---- */

typedef struct { unsigned char key[24]; uint64_t order; const void *value; } row;
static int by_key(const void *a, const void *b) {
    const row *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof x->key);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}
static void ingest(int f, row *rows, size_t count, size_t key_size, size_t size) {
    char *error = 0, path[400];
    const char *path_at = path;
    snprintf(path, sizeof path, "%s/%s.table", folder, names[f]);
    rocksdb_envoptions_t *plain = rocksdb_envoptions_create();
    rocksdb_sstfilewriter_t *table = rocksdb_sstfilewriter_create(plain, options[f]);
    rocksdb_sstfilewriter_open(table, path, &error), check(error);
    qsort(rows, count, sizeof *rows, by_key);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && !memcmp(rows[i].key, rows[i + 1].key, key_size)) continue;
        if (rows[i].value) rocksdb_sstfilewriter_put(table, (char *)rows[i].key, key_size, rows[i].value, size, &error);
        else rocksdb_sstfilewriter_delete(table, (char *)rows[i].key, key_size, &error);
        check(error);
    }
    rocksdb_sstfilewriter_finish(table, &error), check(error);
    rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
    rocksdb_ingestexternalfileoptions_set_move_files(how, 1);
    rocksdb_ingest_external_file_cf(db, family[f], &path_at, 1, how, &error), check(error);
    rocksdb_ingestexternalfileoptions_destroy(how), rocksdb_sstfilewriter_destroy(table), rocksdb_envoptions_destroy(plain);
}
static row *add(row *to, uint64_t high, const void *low, size_t low_size, const void *value, uint64_t order) {
    *to = (row){ .order = order, .value = value };
    number(to->key, high);
    memcpy(to->key + 8, low, low_size);
    return to + 1;
}
static void store(generation *g) {
    static row *rows;
    if (!rows) rows = malloc(2 * EVENTS_MOST * sizeof *rows);
    for (int f = 0; f < FAMILIES; f++) {
        static const size_t keys[] = { 8, 16, 8, 24, 8 }, sizes[] = { RECORD, 0, DECISION, 8, KEPT };
        row *end = rows;
        for (uint64_t i = 0; i < g->count; i++) {
            event *e = g->events[i];
            if (f == USERS) end = add(end, e->user, "", 0, e->record, i);
            if (f == TIMERS && e->due_before) end = add(end, e->due_before, &e->user, 8, 0, 2 * i);
            if (f == TIMERS) end = add(end, e->due, &e->user, 8, "", 2 * i + 1);
            if (f == DECISIONS) end = add(end, g->first + i, "", 0, e->decision, i);
            if (f == IDS) end = add(end, e->user, e->id, 16, &e->due, i);
            if (f == EVENTS) end = add(end, g->first + i, "", 0, e->kept, i);
        }
        ingest(f, rows, (size_t)(end - rows), keys[f], sizes[f]);
    }
}
static void *background(void *nothing) {
    for (;; pthread_cond_signal(&changed), pthread_mutex_unlock(&lock)) {
        pthread_mutex_lock(&lock);
        while (stored == frozen) pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        store(pool + stored % GENERATIONS);
        pthread_mutex_lock(&lock);
        stored++;
    }
    return nothing;
}
static void wait_for(uint64_t count) {
    pthread_mutex_lock(&lock);
    while (stored < count) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}
static generation *next_generation(int is_first, uint64_t first) {
    pthread_mutex_lock(&lock);
    if (!is_first) frozen++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (frozen >= GENERATIONS) wait_for(frozen - GENERATIONS + 1);
    generation *g = pool + frozen % GENERATIONS;
    g->used = 0, g->count = 0, g->first = first;
    memset(g->ids, 0, IDS_ROOM * sizeof *g->ids);
    return g;
}

/* ---- a commit ---- */

static uint32_t *id_slot(generation *g, const event *e) {
    for (size_t at = word(e->id) % IDS_ROOM;; at = (at + 1) % IDS_ROOM)
        if (!g->ids[at] || !memcmp(g->events[g->ids[at] - 1]->id, e->id, 16)) return g->ids + at;
}
static void decide(event *e, uint64_t sequence) { /* stands for the rules */
    unsigned char *state = states[e->user];
    e->due_before = word(state), e->due = sequence + 86400000;
    memcpy(state, &e->due, 8), memcpy(state + 8 + sequence % 32 * 8, &sequence, 8);
    memcpy(e->record, state, RECORD);
    memset(e->decision, 'd', DECISION), memcpy(e->decision, e->id, 16);
    memset(e->kept, 'k', KEPT), memcpy(e->kept, &sequence, 8);
}
static uint64_t checksum(const unsigned char *bytes, size_t count) { /* four lanes of words */
    uint64_t sums[4] = { count, 1, 2, 3 };
    for (size_t i = 0; i + 8 <= count; i += 8) sums[i / 8 % 4] = (sums[i / 8 % 4] ^ word(bytes + i)) * 0x9E3779B97F4A7C15ULL;
    return sums[0] ^ sums[1] >> 1 ^ sums[2] >> 2 ^ sums[3] >> 3;
}
static void commit(generation *g, int batch, uint64_t sequence) {
    static unsigned char keys[MOST][24];
    static const char *key_at[MOST];
    static size_t key_size[MOST];
    static rocksdb_pinnableslice_t *seen[MOST];
    static char *errors[MOST];
    static rocksdb_readoptions_t *read;
    if (!read) read = rocksdb_readoptions_create();
    head *h = (head *)(g->bytes + g->used);
    event *events = (event *)(h + 1);
    for (int i = 0; i < batch; i++) {
        uint64_t id[2] = { draw(), draw() };
        events[i].user = draw_user(), memcpy(events[i].id, id, 16);
        for (int other = 0; other < GENERATIONS; other++) sure(!*id_slot(pool + other, events + i), "an id came twice");
        number(keys[i], events[i].user), memcpy(keys[i] + 8, id, 16);
        key_at[i] = (char *)keys[i], key_size[i] = 24;
    }
    rocksdb_batched_multi_get_cf(db, read, family[IDS], (size_t)batch, key_at, key_size, seen, errors, 0);
    for (int i = 0; i < batch; i++) {
        check(errors[i]), sure(!seen[i], "an id came twice");
        decide(events + i, sequence + (uint64_t)i);
    }
    *h = (head){ 0, sizeof *h + (size_t)batch * sizeof *events, sequence, (uint64_t)batch };
    h->sum = checksum((unsigned char *)h + 8, h->bytes - 8);
    size_t padded = (h->bytes + BLOCK - 1) / BLOCK * BLOCK;
    sure(pwrite(g->file, h, padded, (off_t)g->used) == (ssize_t)padded, "log");
    g->used += padded;
    for (int i = 0; i < batch; i++) {
        g->events[g->count] = events + i;
        *id_slot(g, events + i) = (uint32_t)++g->count;
    }
}

/* ---- */

static void open_store(void) {
    rocksdb_options_t *base = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(base, 1), rocksdb_options_set_create_missing_column_families(base, 1);
    rocksdb_options_increase_parallelism(base, 2), rocksdb_options_set_bytes_per_sync(base, 1 << 20);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(64 << 20);
    for (int f = 0; f < FAMILIES; f++) {
        options[f] = rocksdb_options_create_copy(base);
        rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
        rocksdb_block_based_options_set_block_cache(table, cache);
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
        rocksdb_options_set_block_based_table_factory(options[f], table);
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options[f], 1);
    }
    char *error = 0, path[400];
    snprintf(path, sizeof path, "%s/rocksdb", folder);
    db = rocksdb_open_column_families(base, path, FAMILIES, names, (const rocksdb_options_t **)options, family, &error);
    check(error);
}
static void make(generation *g, int which) {
    char path[400];
    snprintf(path, sizeof path, "%s/log-%d", folder, which);
    g->bytes = mmap(0, SEGMENT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sure(g->bytes != MAP_FAILED, "mmap");
    g->events = malloc(EVENTS_MOST * sizeof *g->events), g->ids = calloc(IDS_ROOM, sizeof *g->ids);
    int file = open(path, O_RDWR | O_CREAT, 0644);
    sure(file >= 0 && write(file, g->bytes, SEGMENT) == SEGMENT && !fsync(file) && !close(file), path);
    g->file = open(path, O_RDWR | O_DSYNC | O_DIRECT);
    if (g->file < 0) g->file = open(path, O_RDWR | O_DSYNC); /* a file system without direct writes */
    sure(g->file >= 0, path);
}
static void fill(void) {
    row *rows = malloc(users * sizeof *rows), *end = rows;
    for (uint64_t user = 0; user < users; user++) {
        for (int at = 8; at + 8 <= RECORD; at += 8) number(states[user] + at, draw());
        end = add(end, user, "", 0, states[user], 0);
    }
    ingest(USERS, rows, users, 8, RECORD);
    free(rows);
}

int main(int argc, char **argv) {
    int batch = argc > 4 ? atoi(argv[4]) : 0;
    if (argc < 5 || batch < 1 || batch > MOST) return fprintf(stderr, "usage: see the head of log_floor.c\n"), 2;
    folder = argv[1], users = strtoull(argv[2], 0, 10), is_zipf = argc > 5;
    states = calloc(users, RECORD);
    sure(states && !mkdir(folder, 0755), folder);
    open_store();
    for (int i = 0; i < GENERATIONS; i++) make(pool + i, i);
    fill();
    seed ^= (uint64_t)now_us();
    pthread_t thread;
    pthread_create(&thread, 0, background, 0);
    int64_t cpu = settled_cpu_us(), start = now_us(), end = start + (int64_t)(atof(argv[3]) * 1e6), began;
    size_t largest = (sizeof(head) + (size_t)batch * sizeof(event) + BLOCK - 1) / BLOCK * BLOCK;
    uint64_t events = 0;
    generation *g = next_generation(1, 0);
    while ((began = now_us()) < end) {
        if (g->used + largest > SEGMENT) g = next_generation(0, events);
        commit(g, batch, events);
        events += (uint64_t)batch;
        note(began, now_us());
    }
    double elapsed = (double)(now_us() - start) / 1e6;
    next_generation(0, events); /* the last one is stored, too: its work is part of the price */
    wait_for(frozen);
    report(1, batch, events, elapsed, settled_cpu_us() - cpu);
    return 0;
}
