/// What is sent: a POST, or a GET where there is no body.
package struct HTTPRequest: Sendable {
    /// Checked by `WebAddress`, or made of one.
    package var url: String
    /// Each `name: value`, without line breaks.
    package var headers: [String]
    package var body: Body
    /// For all of it, with the wait for its turn.
    package var timeoutMs: Int64

    package enum Body: Sendable {
        case none
        case bytes([UInt8])

        func withBytes<Result>(_ work: (UnsafePointer<UInt8>?, Int) -> Result) -> Result {
            switch self {
            case .none: work(nil, 0)
            case .bytes(let bytes):
                bytes.withUnsafeBufferPointer { buffer in
                    if let start = buffer.baseAddress, !buffer.isEmpty { return work(start, buffer.count) }
                    var nothing: UInt8 = 0
                    return work(&nothing, 0)
                }
            }
        }
    }

    package init(url: String, headers: [String], body: [UInt8], timeoutMs: Int64) {
        self.url = url
        self.headers = headers
        self.body = .bytes(body)
        self.timeoutMs = timeoutMs
    }
}
