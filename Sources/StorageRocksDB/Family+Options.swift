import CRocksDB
import Engine
import Storage

/// How RocksDB keeps a family.
extension Family {
    /// The caller destroys what it gets.
    func options(
        base: OpaquePointer,
        cache: OpaquePointer,
        retention: Retention,
        erasures: Erasures
    ) throws(RocksDBFault) -> OpaquePointer {
        let options = rocksdb_options_create_copy(base)!
        let table = rocksdb_block_based_options_create()!
        defer { rocksdb_block_based_options_destroy(table) }
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        rocksdb_block_based_options_set_format_version(table, 5)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        switch self {
        case .users:
            rocksdb_block_based_options_set_data_block_index_type(table, 1)  // a hash in each block
            hashByPrefix(options, table)
        case .items:
            hashByPrefix(options, table)
            boundIndexes(table)
            try sweep(options, keeping: retention.items, retention, erasures)
        case .decisions:
            // Tables of rising keys never overlap, so compaction moves them down without rewriting them.
            rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
            boundIndexes(table)
            try sweep(options, keeping: retention.decisions, retention, erasures)
        case .events:
            boundIndexes(table)
            try sweep(options, keeping: retention.events, retention, erasures)
        case .failed: try sweep(options, keeping: retention.failed, retention, erasures)
        case .meta, .timers, .outbox, .campaigns, .tallies, .tokens: break
        }
        rocksdb_options_set_block_based_table_factory(options, table)
        return options
    }

    /// Keys begin with 8 bytes of hash and are asked for one by one.
    private func hashByPrefix(_ options: OpaquePointer, _ table: OpaquePointer) {
        rocksdb_options_set_prefix_extractor(options, rocksdb_slicetransform_create_fixed_prefix(8))
        // The hash stands for the whole key: one entry in the filter instead of two.
        rocksdb_block_based_options_set_whole_key_filtering(table, 0)
    }

    /// Families that grow with time keep their tables' indexes and filters within the block cache.
    private func boundIndexes(_ table: OpaquePointer) {
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1)
    }

    private func sweep(
        _ options: OpaquePointer,
        keeping: Length,
        _ retention: Retention,
        _ erasures: Erasures
    ) throws(RocksDBFault) {
        rocksdb_options_set_compaction_filter_factory(
            options,
            retention.filterFactory(keeping: keeping, self, erasures)
        )
        try RocksDBFault.check { fault in
            rocksdb_get_options_from_string(
                options,
                "periodic_compaction_seconds=\(Limits.sweepPeriodSeconds)",
                options,
                &fault
            )
        }
    }
}
