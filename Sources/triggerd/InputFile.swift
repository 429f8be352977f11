import Glibc
import SystemPackage

/// A file that the command line names, or standard input (`-`), read from its beginning to its end.
struct InputFile: ~Copyable {
    let name: String
    /// In bytes; nil where it is no plain file.
    let size: Int?
    private let descriptor: FileDescriptor
    private let isOwn: Bool
    /// What a pipe held when it was opened.
    private var first: [UInt8]

    init(_ file: String) throws(Failure) {
        let opened = try file == "-" ? Opened(descriptor: .standardInput) : Self.open(file)
        name = file == "-" ? "standard input" : file
        isOwn = file != "-"
        (descriptor, size, first) = (opened.descriptor, opened.size, opened.first)
    }

    private struct Opened {
        var descriptor: FileDescriptor
        var size: Int?
        var first: [UInt8] = []
    }

    private static func open(_ file: String) throws(Failure) -> Opened {
        guard !file.isEmpty else { throw Failure("a file's name is empty: name a file, or - for standard input") }
        var opened: Opened
        do {
            // Without O_NONBLOCK opening a pipe waits for whoever writes into it, for ever where nobody does.
            opened = Opened(
                descriptor: try .open(FilePath(file), .readOnly, options: [.nonBlocking, .closeOnExec])
            )
        } catch {
            throw failure(file, "cannot be opened", error)
        }
        do {
            var status = stat()
            guard fstat(opened.descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
            if status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 { opened.size = status.st_size }
            if status.st_mode & S_IFMT == S_IFIFO { opened.first = try firstOfPipe(opened.descriptor, file) }
        } catch {
            try? opened.descriptor.close()
            throw failure(file, "cannot be read", error)
        }
        _ = fcntl(opened.descriptor.rawValue, F_SETFL, 0)
        return opened
    }

    deinit {
        if isOwn { try? descriptor.close() }
    }

    /// As much as is there, at most `most` bytes; empty at the end.
    mutating func read(most: Int) throws(Failure) -> [UInt8] {
        if !first.isEmpty {
            defer { first = [] }
            return first
        }
        do {
            return try Array(unsafeUninitializedCapacity: most) { buffer, count in
                count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch {
            throw Self.failure(name, "cannot be read", error)
        }
    }

    /// All of a text of at most `most` bytes.
    static func text(_ file: String, most: Int = CommandLimits.campaignFiles) throws(Failure) -> String {
        var input = try InputFile(file)
        var bytes: [UInt8] = []
        while bytes.count <= most {
            let more = try input.read(most: CommandLimits.readAtOnce)
            if more.isEmpty { break }
            bytes += more
        }
        guard bytes.count <= most else { throw Failure("\(input.name): more than \(most) bytes are not read") }
        try refuseUTF16(bytes, input.name)
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("\(input.name): not a text in UTF-8")
        }
        return text
    }

    /// Which begins with a mark of its own.
    static func refuseUTF16(_ bytes: some Collection<UInt8>, _ name: String) throws(Failure) {
        let first = Array(bytes.prefix(2))
        guard first == [0xff, 0xfe] || first == [0xfe, 0xff] else { return }
        throw Failure("\(name): it is in UTF-16: save it as UTF-8")
    }

    /// Empty at its end. Waits for a writer that has the pipe open as long as it takes, for one to come a moment.
    private static func firstOfPipe(_ pipe: FileDescriptor, _ file: String) throws -> [UInt8] {
        let end = ContinuousClock.now + CommandLimits.patienceWithPipes
        while true {
            do {
                let bytes = try [UInt8](unsafeUninitializedCapacity: CommandLimits.readAtOnce) { buffer, count in
                    count = try pipe.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if !bytes.isEmpty { return bytes }
                guard ContinuousClock.now < end else { throw Failure("\(file): nobody writes into this pipe") }
                usleep(20_000)
            } catch Errno.wouldBlock {
                // Somebody writes, and has not yet.
                var ready = pollfd(fd: pipe.rawValue, events: Int16(POLLIN), revents: 0)
                poll(&ready, 1, -1)
                if ready.revents & Int16(POLLIN) == 0 { return [] }
            }
        }
    }

    private static func failure(_ file: String, _ what: String, _ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        return Failure("\(Visible.quoted(file)): \(what): \((error as? Errno)?.description ?? "\(error)")")
    }
}
