/* What the store's work costs at the least where a commit is one batch of RocksDB, as it was before the log: no socket, no
 * protocol and no rules. For each event: is its id new; read its user; put the user, a timer, a decision, the id.
 *
 *   floor FOLDER USERS SECONDS BATCH [zipf]      prints events a second as one JSON object */
#define _GNU_SOURCE
#include "measure.h"
#include <rocksdb/c.h>

enum { MOST = 1024, RECORD = 300 };
static const char *names[] = { "users", "timers", "decisions", "ids", "default" };
enum { COUNT = sizeof names / sizeof *names };
static rocksdb_column_family_handle_t *family[COUNT];
static void check(char *error) {
    if (error) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}
static void number(char *to, uint64_t value) {
    value = __builtin_bswap64(value);
    memcpy(to, &value, 8);
}

int main(int argc, char **argv) {
    int batch_size = argc > 4 ? atoi(argv[4]) : 0;
    if (argc < 5 || batch_size < 1 || batch_size > MOST) return fprintf(stderr, "usage: see the head of floor.c\n"), 2;
    users = strtoull(argv[2], 0, 10), is_zipf = argc > 5;
    char *error = 0, record[RECORD], keys[MOST][8], ids[MOST][16];
    const rocksdb_options_t *options[COUNT];
    rocksdb_options_t *base = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(base, 1);
    rocksdb_options_set_create_missing_column_families(base, 1);
    rocksdb_options_set_allow_concurrent_memtable_write(base, 0);
    rocksdb_options_increase_parallelism(base, 2);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(512 << 20);
    for (int f = 0; f < COUNT; f++) {
        rocksdb_options_t *o = rocksdb_options_create_copy(base);
        rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
        rocksdb_block_based_options_set_block_cache(table, cache);
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
        rocksdb_options_set_block_based_table_factory(o, table);
        rocksdb_options_set_write_buffer_size(o, f ? 32 << 20 : 128 << 20);
        if (f == 0 || f == 3) {
            rocksdb_options_set_prefix_extractor(o, rocksdb_slicetransform_create_fixed_prefix(8));
            rocksdb_options_set_hash_link_list_rep(o, 500000);
        }
        options[f] = o;
    }
    rocksdb_t *db = rocksdb_open_column_families(base, argv[1], COUNT, names, options, family, &error);
    check(error);
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    rocksdb_writeoptions_t *unlogged = rocksdb_writeoptions_create(), *flushed = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(unlogged, 1);
    rocksdb_writeoptions_set_sync(flushed, 1);
    rocksdb_readoptions_t *read = rocksdb_readoptions_create();
    for (uint64_t i = 0; i < users; i++) {
        number(keys[0], i);
        for (int at = 0; at + 8 <= RECORD; at += 8) number(record + at, draw());
        rocksdb_writebatch_put_cf(batch, family[0], keys[0], 8, record, RECORD);
        if (i % 1000 == 999 || i + 1 == users) {
            rocksdb_write(db, unlogged, batch, &error);
            check(error);
            rocksdb_writebatch_clear(batch);
        }
    }
    rocksdb_flush_cf(db, rocksdb_flushoptions_create(), family[0], &error);
    check(error);

    int64_t cpu = settled_cpu_us(), start = now_us(), end = start + (int64_t)(atof(argv[3]) * 1e6), began;
    uint64_t events = 0, sequence = 1;
    while ((began = now_us()) < end) {
        const char *key_at[MOST], *id_at[MOST];
        size_t key_size[MOST], id_size[MOST], size;
        rocksdb_pinnableslice_t *found[MOST], *seen[MOST];
        char *errors[MOST];
        for (int i = 0; i < batch_size; i++) {
            number(keys[i], draw_user());
            number(ids[i], draw());
            number(ids[i] + 8, draw());
            key_at[i] = keys[i], key_size[i] = 8, id_at[i] = ids[i], id_size[i] = 16;
        }
        rocksdb_batched_multi_get_cf(db, read, family[3], (size_t)batch_size, id_at, id_size, seen, errors, 0);
        rocksdb_batched_multi_get_cf(db, read, family[0], (size_t)batch_size, key_at, key_size, found, errors, 0);
        for (int i = 0; i < batch_size; i++, sequence++) {
            char timer[16], place[8], decision[24] = { 0 };
            memcpy(record, rocksdb_pinnableslice_value(found[i], &size), RECORD);
            number(record, sequence);
            number(timer, sequence + 86400000);
            memcpy(timer + 8, keys[i], 8);
            number(place, sequence);
            rocksdb_writebatch_put_cf(batch, family[0], keys[i], 8, record, RECORD);
            rocksdb_writebatch_put_cf(batch, family[1], timer, 16, "", 0);
            rocksdb_writebatch_put_cf(batch, family[2], place, 8, decision, 24);
            rocksdb_writebatch_put_cf(batch, family[3], ids[i], 16, place, 8);
            rocksdb_pinnableslice_destroy(found[i]);
            if (seen[i]) rocksdb_pinnableslice_destroy(seen[i]);
        }
        rocksdb_write(db, flushed, batch, &error);
        check(error);
        rocksdb_writebatch_clear(batch);
        events += (uint64_t)batch_size;
        note(began, now_us());
    }
    double elapsed = (double)(now_us() - start) / 1e6;
    report(1, batch_size, events, elapsed, settled_cpu_us() - cpu);
    for (int f = 0; f < COUNT; f++) rocksdb_column_family_handle_destroy(family[f]);
    rocksdb_close(db);
    return 0;
}
