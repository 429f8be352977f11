import ChannelEmail
import Foundation
import PluginKit
import Testing

/// A maildir, opened by Python's mailbox library.
@Suite struct MaildirTests {
    private func letter(_ key: String, subject: String = "Grüße") throws -> Letter {
        Letter(
            name: StableName(key: key),
            from: try Mailbox(address: "shop@example.com"),
            to: [try Mailbox(address: "u@example.com")],
            subject: subject,
            content: .both(text: "Hello", html: "<p>Hello</p>"),
            origin: "example.com"
        )
    }

    private func carry(_ letter: Letter, _ maildir: Maildir) -> Outcome {
        maildir.keep(letter, dateMs: 1_772_445_600_000)
    }

    @Test func aReaderFindsTheLetters() throws {
        try withFolder { folder in
            let path = folder.appending(path: "maildir")
            let maildir = try Maildir(folder: path.path)
            #expect(carry(try letter("a/1"), maildir) == .accepted(id: "a=2F1"))
            #expect(carry(try letter("b", subject: "Other"), maildir).isAccepted)
            let found = try Python.read(maildir: path)
            #expect(found.map(\.key) == ["a=2F1", "b"])
            #expect(found.map(\.folder) == ["new", "new"])
            #expect(found.map(\.subject) == ["Grüße", "Other"])
            #expect(found.allSatisfy { $0.isWellFormed })
            #expect(try FileManager.default.contentsOfDirectory(atPath: path.appending(path: "tmp").path).isEmpty)
            let attributes = try FileManager.default.attributesOfItem(atPath: path.appending(path: "new/b").path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func theSameKeyTwiceIsOneLetter() throws {
        try withFolder { folder in
            let maildir = try Maildir(folder: folder.path)
            for _ in 0..<2 { #expect(carry(try letter("k"), maildir).isAccepted) }
            // After a restart too.
            #expect(carry(try letter("k"), try Maildir(folder: folder.path)).isAccepted)
            #expect(try Python.read(maildir: folder).count == 1)
        }
    }

    @Test(arguments: [":2,", ":2,RS", ",S=512:2,S"])
    func aLetterThatWasReadDoesNotComeAgain(_ flags: String) throws {
        try withFolder { folder in
            let maildir = try Maildir(folder: folder.path)
            #expect(carry(try letter("k"), maildir).isAccepted)
            try FileManager.default.moveItem(
                at: folder.appending(path: "new/k"),
                to: folder.appending(path: "cur/k\(flags)")
            )
            #expect(carry(try letter("k"), maildir).isAccepted)
            #expect(try Python.read(maildir: folder).map(\.folder) == ["cur"])
            // Another key that begins alike is another letter.
            #expect(carry(try letter("kk"), maildir).isAccepted)
            #expect(try Python.read(maildir: folder).count == 2)
        }
    }

    @Test func manyThreadsWriteManyLetters() throws {
        try withFolder { folder in
            let maildir = try Maildir(folder: folder.path)
            let pool = CarrierPool(Array(repeating: maildir, count: 8))
            let outcomes = Collected<Outcome>()
            for key in 0..<100 {
                // Each twice, as after a deadline that passed too early.
                for _ in 0..<2 {
                    pool.begin(try letter("\(key)"), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
                }
            }
            pool.drain()
            #expect(outcomes.all.count == 200)
            #expect(outcomes.all.allSatisfy { $0.isAccepted })
            #expect(try Python.read(maildir: folder).count == 100)
        }
    }

    @Test func aFolderThatCannotBeWrittenIsTriedAgain() throws {
        try withFolder { folder in
            let maildir = try Maildir(folder: folder.path)
            let new = folder.appending(path: "new")
            try FileManager.default.removeItem(at: new)
            let outcome = carry(try letter("k"), maildir)
            let reason = "cannot write \(new.path)/k: No such file or directory"
            #expect(outcome == .tryAgain(after: 0, reason, cause: .unavailable))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "tmp").path).isEmpty)
            try FileManager.default.createDirectory(at: new, withIntermediateDirectories: false)
            #expect(carry(try letter("k"), maildir).isAccepted)
        }
    }

    @Test func anInternationalAddressIsWrittenAsItIs() throws {
        try withFolder { folder in
            var letter = try letter("k")
            letter.to = [try Mailbox(address: "jürgen@bücher.example"), try Mailbox(address: "u@bücher.example")]
            #expect(carry(letter, try Maildir(folder: folder.path)).isAccepted)
            let found = try Python.read(maildir: folder)
            #expect(found.map(\.to) == [[["", "jürgen@bücher.example"], ["", "u@xn--bcher-kva.example"]]])
            #expect(found.allSatisfy { !$0.ascii && $0.bareLineEnds == 0 })
        }
    }

    @Test func aMaildirThatCannotBeMadeIsSaidAtTheStart() throws {
        try withFolder { folder in
            let path = folder.appending(path: "missing/maildir").path
            #expect(throws: PluginError.self) { try Maildir(folder: path) }
        }
    }
}
