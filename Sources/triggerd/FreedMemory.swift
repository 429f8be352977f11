import CMalloc
import Dispatch

/// Memory that was needed for a moment goes back to the system.
enum FreedMemory {
    /// Early: heaps that threads have by then stay.
    static func configure() {
        mallopt(M_ARENA_MAX, ServeLimits.heaps)
        mallopt(M_MMAP_THRESHOLD, ServeLimits.mappedBlock)
        mallopt(M_TRIM_THRESHOLD, ServeLimits.keptOfHeap)
    }

    /// Looks from time to time, as long as the timer is kept.
    static func returnAfterBursts() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        let interval = DispatchTimeInterval.seconds(ServeLimits.memoryIsLookedAtSeconds)
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .seconds(1))
        timer.setEventHandler {
            if Int(mallinfo2().fordblks) > ServeLimits.worthGivingBack { malloc_trim(0) }
        }
        timer.resume()
        return timer
    }
}
