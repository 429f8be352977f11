import Synchronization

/// Whether the daemon can do what it is for, for anybody who asks.
package final class Health: Sendable {
    private let reason = Mutex<String?>(nil)

    /// Nil where it serves.
    package var problem: String? { reason.withLock { $0 } }

    func serving() {
        reason.withLock { $0 = nil }
    }

    /// Gives whether that is news.
    func notServing(_ why: String) -> Bool {
        reason.withLock { reason in
            defer { reason = why }
            return reason == nil
        }
    }
}

/// A value that one thread sets and any reads.
final class Published<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func set(_ new: Value) {
        value.withLock { $0 = new }
    }

    func get() -> Value {
        value.withLock { $0 }
    }
}
