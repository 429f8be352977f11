import RPC

/// What is tried again: docs/clients.md has the table.
extension DaemonClient {
    /// Between two tries: doubled each time from the first to the most, and a random part of it.
    private static let firstPause = Duration.milliseconds(50)
    private static let mostPause = Duration.seconds(2)

    func repeating(
        _ timeout: Duration,
        _ isSafe: Bool,
        _ once: (Duration) async throws(DaemonError) -> Payload
    ) async throws(DaemonError) -> Payload {
        let end = ContinuousClock.now + timeout
        var pause = Self.firstPause
        var known: DaemonError?
        while true {
            let failure: DaemonError
            do throws(DaemonError) {
                return try await once(max(.nanoseconds(1), ContinuousClock.now.duration(to: end)))
            } catch {
                failure = error
            }
            // What kept it says more than that it took too long.
            if failure.code == .deadlineExceeded { throw known ?? failure }
            let rest = pause * Double.random(in: 0.5...1)
            guard failure.mayRepeat(isSafe), ContinuousClock.now + rest < end else { throw failure }
            do {
                try await Task.sleep(for: rest)
            } catch {
                throw failure  // Whoever asked has left.
            }
            known = failure
            pause = min(pause * 2, Self.mostPause)
        }
    }

    func once(
        _ service: String,
        _ method: String,
        _ payload: Payload,
        _ timeout: Duration
    ) async throws(DaemonError) -> Payload {
        let client = try await connections.get()
        do {
            return try await client.call(service: service, method: method, payload: payload, timeout: timeout)
        } catch let status as Status {
            throw DaemonError(status)
        } catch {
            throw DaemonError(.unavailable, "the connection broke: \(error)", wasSent: true)
        }
    }
}
