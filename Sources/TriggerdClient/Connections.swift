import RPC
import Synchronization

/// The one connection of a client: made once for all who need it, and again when it broke.
final class Connections: Sendable {
    private struct State {
        var connecting: Task<Client, any Error>?
        var isClosed = false
    }

    /// The address, for people.
    private let text: String
    private let address: Client.Address
    private let token: String?
    private let state = Mutex(State())

    init(_ text: String, _ address: Client.Address, token: String?) {
        (self.text, self.address, self.token) = (text, address, token)
    }

    func get() async throws(DaemonError) -> Client {
        var known: Task<Client, any Error>?
        while true {
            let (task, isNew) = try task(other: known)
            do {
                let client = try await task.value
                if client.isOpen { return client }
            } catch  where isNew {
                throw Self.refusal(text, error)
            } catch {
                // Somebody else's try failed; ours may not.
            }
            known = task
        }
    }

    /// The connection that there is, unless it is that one; else a new one.
    private func task(
        other: Task<Client, any Error>?
    ) throws(DaemonError) -> (Task<Client, any Error>, isNew: Bool) {
        let found: (Task<Client, any Error>, Bool)? = state.withLock { state in
            if state.isClosed { return nil }
            if let connecting = state.connecting, connecting != other { return (connecting, false) }
            let made = Task { [address, token] in try await Client.connect(to: address, token: token) }
            state.connecting = made
            return (made, true)
        }
        guard let found else { throw DaemonError(.cancelled, "the client is closed", wasSent: false) }
        return found
    }

    private static func refusal(_ text: String, _ error: any Error) -> DaemonError {
        // Another try would find the same certificate.
        if let refusal = error as? TLSRefusal {
            return DaemonError(.unauthenticated, "\(text): \(refusal)", wasSent: false)
        }
        return DaemonError(.unavailable, "no daemon answers at \(text): \(error.systemReason)", wasSent: false)
    }

    func close() async {
        let last = state.withLock { state in
            state.isClosed = true
            return state.connecting
        }
        // One that was not made needs no closing.
        await (try? last?.value)?.close()
    }
}
