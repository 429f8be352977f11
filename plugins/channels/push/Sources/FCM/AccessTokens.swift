import HTTPClient
import PluginKit
import Synchronization

/// The access token of a service account: fetched once for all that wait for it, and again before it expires.
final class AccessTokens: Sendable {
    /// A token, or what is said of every push meanwhile.
    enum Answer: Sendable {
        case token(String)
        case none(Verdict)
    }

    private struct State {
        var token: String?
        var expiresMs: Int64 = 0
        var isFetching = false
        var waiting: [@Sendable (Answer) -> Void] = []
        /// After a fetch that failed.
        var quietUntilMs: Int64 = 0
        var failure = ""
    }

    private enum Step {
        case use(String)
        case useAndFetch(String)
        case fetch
        case wait
        case fail(Verdict)
    }

    private let account: ServiceAccount
    private let client: HTTPClient
    private let timeoutMs: Int64
    private let state = Mutex(State())

    /// A token is not used when it lives no longer than that, and one is fetched beside it a while before.
    private static let leastLifeMs: Int64 = 30_000
    private static let refreshMs: Int64 = 300_000
    private static let failureQuietMs: Int64 = 2_000

    init(_ account: ServiceAccount, _ client: HTTPClient, timeoutMs: Int64) {
        self.account = account
        self.client = client
        self.timeoutMs = timeoutMs
    }

    func token(_ use: @escaping @Sendable (Answer) -> Void) {
        let nowMs = SystemTime.nowMs()
        let step: Step = state.withLock { state in
            if let token = state.token, state.expiresMs - nowMs > Self.leastLifeMs {
                let isOld = state.expiresMs - nowMs < Self.refreshMs
                guard isOld, !state.isFetching, state.quietUntilMs <= nowMs else { return .use(token) }
                state.isFetching = true
                return .useAndFetch(token)
            }
            // The host has heard of the failure; what is held meanwhile concerns itself alone.
            if state.quietUntilMs > nowMs {
                return .fail(.again(afterMs: state.quietUntilMs - nowMs, state.failure, .message))
            }
            state.waiting.append(use)
            if state.isFetching { return .wait }
            state.isFetching = true
            return .fetch
        }
        switch step {
        case .use(let token): use(.token(token))
        case .useAndFetch(let token):
            fetch()
            use(.token(token))
        case .fetch: fetch()
        case .wait: break
        case .fail(let verdict): use(.none(verdict))
        }
    }

    /// After a 401: it is not used again. Another that was fetched meanwhile is.
    func forget(_ token: String) {
        state.withLock { state in
            if state.token == token { state.token = nil }
        }
    }

    private func fetch() {
        let assertion: String
        do {
            assertion = try account.assertion(nowSeconds: SystemTime.nowMs() / 1_000)
        } catch {
            return fail("fcm_service_account: its key signs nothing", waitMs: 0)
        }
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
        let request = HTTPRequest(
            url: account.tokenAddress.text,
            headers: ["content-type: application/x-www-form-urlencoded", "accept: application/json"],
            body: Array(form.utf8),
            timeoutMs: timeoutMs
        )
        client.send(request) { self.take($0) }
    }

    private func take(_ result: HTTPResult) {
        switch result {
        case .failed(let fault):
            fail("no access token: \(fault.reasonOfRepeatable)", waitMs: 0)
        case .answered(let answer):
            let json = JSONReader.value(answer.body)
            guard answer.status == 200 else {
                let code = Reason.ofOAuth(json?["error"]?.string).map { " \($0)" } ?? ""
                return fail("no access token: \(answer.status)\(code)", waitMs: answer.retryAfterMs)
            }
            guard let token = json?["access_token"]?.string, Self.isToken(token) else {
                return fail("no access token: the answer holds none", waitMs: 0)
            }
            succeed(token, lifeSeconds: min(max(json?["expires_in"]?.integer ?? 3_600, 0), 86_400))
        }
    }

    /// It becomes a header.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 8_192 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private func succeed(_ token: String, lifeSeconds: Int64) {
        let waiting = state.withLock { state in
            state.token = token
            state.expiresMs = SystemTime.nowMs() + lifeSeconds * 1_000
            state.quietUntilMs = 0
            return Self.endFetch(&state)
        }
        for use in waiting { use(.token(token)) }
    }

    private func fail(_ reason: String, waitMs: Int64) {
        let quietMs = max(waitMs, Self.failureQuietMs)
        let waiting = state.withLock { state in
            state.quietUntilMs = SystemTime.nowMs() + quietMs
            state.failure = reason
            return Self.endFetch(&state)
        }
        for use in waiting { use(.none(.again(afterMs: quietMs, reason, .unavailable))) }
    }

    private static func endFetch(_ state: inout State) -> [@Sendable (Answer) -> Void] {
        state.isFetching = false
        defer { state.waiting = [] }
        return state.waiting
    }
}
