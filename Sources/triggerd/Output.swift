import Engine
@preconcurrency import Glibc  // `stdout` is a variable there
import SystemPackage

/// Everything that a command prints goes through here, and so through `Visible`.
enum Output {
    /// A line for a person.
    static func line(_ text: String) {
        print(Visible.line(text))
    }

    static func lines(_ lines: [String]) {
        for text in lines { line(text) }
    }

    /// A line for a program.
    static func json(_ object: Object) {
        json(text: object.description)
    }

    /// One that was made elsewhere.
    static func json(text: String) {
        print(Visible.json(text))
    }

    /// What was printed so far leaves at once.
    static func flush() {
        fflush(nil)
    }

    /// A line on standard error.
    static func complain(_ text: String) {
        raw(Visible.line(text) + "\n")
    }

    /// To standard error as it is: our own text alone. There is nowhere to tell of a failure.
    static func raw(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }

    /// Whether somebody reads on: not so behind `| head`, or on a full disk.
    static var isRead: Bool { ferror(stdout) == 0 }

    /// Lets out what was printed. Gives why not all of it reached its place.
    static func end() -> String? {
        guard fflush(nil) == 0 else { return String(cString: strerror(errno)) }
        return isRead ? nil : "nobody reads on, or the disk is full"
    }
}
