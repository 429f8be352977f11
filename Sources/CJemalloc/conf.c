#include "CJemalloc.h"

/* What jemalloc reads before the first allocation; MALLOC_CONF in the environment comes after it.
 *
 * - narenas: threads share so many heaps, since each keeps what was once needed in it.
 * - background_thread, dirty_decay_ms, muzzy_decay_ms: what a burst needed goes back to the system after a second, by a
 *   thread of its own.
 */
const char *malloc_conf = "narenas:4,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
