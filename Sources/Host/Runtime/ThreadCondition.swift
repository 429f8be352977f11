import Engine
import Foundation

/// A lock, and a wait for what changes under it. Waits go by what really passes: a system's clock that is set does not
/// make them longer or shorter, as it does those of `NSCondition`.
final class ThreadCondition: @unchecked Sendable {
    // The two are made for use by many threads, and stay where they are.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }
    func signal() { pthread_cond_signal(condition) }
    func broadcast() { pthread_cond_broadcast(condition) }

    func wait() { pthread_cond_wait(condition, mutex) }

    /// For so long at most. Gives whether it was woken before, which may also happen for no reason.
    @discardableResult
    func wait(_ length: Length) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let milliseconds = min(max(0, length.milliseconds), Length.day.milliseconds)
        until.tv_sec += Int(milliseconds / 1_000)
        until.tv_nsec += Int(milliseconds % 1_000) * 1_000_000
        if until.tv_nsec >= 1_000_000_000 {
            until.tv_nsec -= 1_000_000_000
            until.tv_sec += 1
        }
        return pthread_cond_timedwait(condition, mutex, &until) == 0
    }
}
