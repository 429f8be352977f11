import Logging

/// The log, on standard error: messages and what they are about quote users, plug-ins and servers, each on one line.
struct LogLines: LogHandler {
    private var inner: StreamLogHandler

    init(label: String) {
        inner = .standardError(label: label)
    }

    func log(event: LogEvent) {
        var event = event
        event.message = Logger.Message(stringLiteral: Visible.line(event.message.description))
        event.metadata = event.metadata.map(Self.visible)
        inner.log(event: event)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue.map(Self.visible) }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = Self.visible(newValue) }
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    private static func visible(_ metadata: Logger.Metadata) -> Logger.Metadata {
        Logger.Metadata(uniqueKeysWithValues: metadata.map { (Visible.line($0), visible($1)) })
    }

    private static func visible(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        .string(Visible.line(value.description))
    }
}
