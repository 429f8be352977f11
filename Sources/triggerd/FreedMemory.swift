import CMalloc
import Dispatch

/// Memory that was needed for a moment goes back to the system.
enum FreedMemory {
    /// Threads share so many heaps: each keeps what was once needed in it, and a burst goes through all of them.
    private static let heaps: Int32 = 4
    /// Blocks of this size come from the system and go back to it at once. Left alone malloc raises the bound with
    /// every such block that is freed, up to 32 MiB, and then keeps them.
    private static let mapped: Int32 = 1 << 20
    /// Freed memory at the end of a heap that is kept for what comes next.
    private static let kept: Int32 = 16 << 20
    /// Freed memory that is worth giving back, and how often that is looked at: giving it back costs milliseconds,
    /// and what is needed again costs a fault a page.
    private static let worthwhile = 64 << 20
    private static let interval = DispatchTimeInterval.seconds(5)

    /// Early: heaps that threads have by then stay.
    static func configure() {
        mallopt(M_ARENA_MAX, heaps)
        mallopt(M_MMAP_THRESHOLD, mapped)
        mallopt(M_TRIM_THRESHOLD, kept)
    }

    /// Looks from time to time, as long as the timer is kept.
    static func returnAfterBursts() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .seconds(1))
        timer.setEventHandler {
            if Int(mallinfo2().fordblks) > worthwhile { malloc_trim(0) }
        }
        timer.resume()
        return timer
    }
}
