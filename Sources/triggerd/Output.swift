import Engine
import Glibc
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

    /// Whether all that was printed reached its place. A full disk is not noticed before.
    static func reachedItsPlace() -> Bool {
        fflush(nil) == 0
    }
}
