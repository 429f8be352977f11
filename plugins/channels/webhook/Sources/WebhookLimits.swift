/// Every limit of the channel, with its reason.
enum WebhookLimits {
    /// standardwebhooks.com, "Signature scheme".
    static let bytesOfKey = 24...64
    /// Of one secret: two while keys are changed, and some more for receivers that are slow to follow. Each is 47 bytes of
    /// a header.
    static let mostKeys = 8
    /// Of a secret's name.
    static let longestName = 64
    /// Standard Webhooks counsels to keep payloads small; beyond this a receiver is likely to refuse.
    static let longestPayload = 1 << 20
    /// Of a message's own headers: many servers take 8 KiB for all that a request has, the signature's among them.
    static let mostHeaders = 32
    static let longestHeaders = 6 << 10
    /// Tries of a message that its receiver refuses in a way that may pass: half a minute.
    static let mostRefusals = 6
    /// Messages of which refusals are counted, and receivers remembered as gone: some MB.
    static let mostRemembered = 10_000
    /// How long a URL that said 410 is left alone: somebody may have taken a receiver away for a deployment.
    static let goneMs: Int64 = 3_600_000
    /// To all receivers together: as many as the host hands over at once, so that none waits here behind others.
    static let mostActive = 1_024
    /// Of a URL's path, bytes that are told of one that said 410: enough to know it by, and less than the paths that are
    /// secrets have.
    static let toldOfPath = 32
    /// Of its host: the host cuts longer names of providers.
    static let toldOfHost = 120
}
