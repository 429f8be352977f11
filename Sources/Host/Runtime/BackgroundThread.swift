import Dispatch
import Foundation

/// A thread of the daemon's own, with a stack that is known.
final class BackgroundThread: Sendable {
    private let end = DispatchSemaphore(value: 0)

    /// Begins at once.
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let end = end
        let thread = Thread {
            body()
            end.signal()
        }
        thread.name = name
        thread.stackSize = HostLimits.bytesOfStack
        thread.start()
    }

    func join() {
        end.wait()
        end.signal()
    }

    func join(within patience: DispatchTimeInterval) {
        if end.wait(timeout: .now() + patience) == .success { end.signal() }
    }
}
