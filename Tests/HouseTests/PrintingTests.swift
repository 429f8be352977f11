import Foundation
import Testing

/// What the command line prints goes through `Output`, which shows nothing that a terminal would obey.
struct PrintingTests {
    /// `Triggerd` prints help and errors, which it has cleaned itself.
    private static let printers = ["Output.swift", "Triggerd.swift"]

    @Test("nothing prints past Output")
    func oneDoor() throws {
        for file in try ImportTests.swiftFiles(in: "Sources/triggerd")
        where !Self.printers.contains(file.lastPathComponent) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in [" print(", "fputs(", "puts(", "fwrite(", "standardOutput", "standardError."] {
                #expect(!text.contains(word), "\(file.lastPathComponent) has \(word)")
            }
        }
    }
}
