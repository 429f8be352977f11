import Engine

/// What a command takes at most.
enum CommandLimits {
    /// Of the campaign files of one request, in bytes: what it carries.
    static let campaignFiles = 4 << 20
    /// Of one line of `track`, in bytes: what one request carries.
    static let line = 4 << 20
    /// Of the lines of one request, in bytes, so that their items surely fit it; one longer line goes alone.
    static let batchBytes = 1 << 20
    /// Lines of one request: enough to share a flush, few enough to be answered within milliseconds.
    static let batchLines = 500
    /// Values of one JSON text: as a request they take up to 50 times the bytes that they were written in.
    static let jsonValues = 100_000
    /// Values in values of a JSON text, as deep as a request may hold them.
    static let jsonDepth = 64
    /// An option's length of time: a hundred years can be added to any instant of this age.
    static let length = Length.days(36_500)
    /// How long the daemon may take to answer: a batch of campaigns is compiled in seconds, a test is sent in as many.
    static let answer = Length.seconds(60)
    /// How long `health` waits: a daemon that takes longer does not serve.
    static let health = Length.seconds(5)
}
