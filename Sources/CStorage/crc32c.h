// CRC-32C, the checksum of RocksDB's log records: by the processor's instruction where there is one.
#ifndef TRIGGERD_CRC32C_H
#define TRIGGERD_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static inline uint32_t triggerd_crc32c_by_instruction(const uint8_t *at, size_t count) {
  uint64_t state = 0xFFFFFFFF;
  for (; count >= 8; at += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    state = __builtin_ia32_crc32di(state, word);
  }
  for (; count > 0; at++, count--) state = __builtin_ia32_crc32qi((uint32_t)state, *at);
  return ~(uint32_t)state;
}
#endif

static inline uint32_t triggerd_crc32c_by_bits(const uint8_t *at, size_t count) {
  uint32_t state = 0xFFFFFFFF;
  for (; count > 0; at++, count--) {
    state ^= *at;
    for (int bit = 0; bit < 8; bit++) state = state >> 1 ^ (0x82F63B78 & -(state & 1));
  }
  return ~state;
}

static inline uint32_t triggerd_crc32c(const void *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return triggerd_crc32c_by_instruction((const uint8_t *)bytes, count);
#endif
  return triggerd_crc32c_by_bits((const uint8_t *)bytes, count);
}

#endif
