import Foundation
import Testing

/// An authority of a test's own, and what it signs, made by openssl.
struct Certificates {
    let folder: URL

    init(in daemon: DaemonProcess, _ name: String = "ca") throws {
        folder = daemon.folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=\(name)",
            "-keyout",
            path("ca.key"),
            "-out",
            path("ca.pem")
        )
    }

    func path(_ file: String) -> String { folder.appending(path: file).path }
    var authority: String { path("ca.pem") }

    /// `NAME.pem` and `NAME.key`. `for`: the alternative names, as openssl writes them.
    @discardableResult
    func sign(_ name: String, for names: String, isRSA: Bool = false, into file: String? = nil) throws -> (
        certificate: String, key: String
    ) {
        let file = file ?? name
        let kind = isRSA ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try openssl(
            arguments: ["req", "-newkey"] + kind + [
                "-nodes", "-subj", "/CN=\(name)", "-keyout", path("\(file).key.new"), "-out", path("\(file).csr"),
            ]
        )
        try Data("subjectAltName=\(names)\n".utf8).write(to: folder.appending(path: "extensions"))
        try openssl(
            "x509",
            "-req",
            "-in",
            path("\(file).csr"),
            "-CA",
            authority,
            "-CAkey",
            path("ca.key"),
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            path("extensions"),
            "-out",
            path("\(file).pem.new")
        )
        chmod(path("\(file).key.new"), 0o600)
        rename(path("\(file).key.new"), path("\(file).key"))
        rename(path("\(file).pem.new"), path("\(file).pem"))
        return (path("\(file).pem"), path("\(file).key"))
    }

    private func openssl(_ arguments: String...) throws { try openssl(arguments: arguments) }

    private func openssl(arguments: [String]) throws {
        let run = try StrangerTests.tool(["openssl"] + arguments)
        try #require(run.status == 0, "\(run.out)")
    }

    /// The subject of the certificate that a door shows to who asks for a host.
    static func shown(at port: Int, for host: String) throws -> String {
        let text = try StrangerTests.tool([
            "sh", "-c",
            "openssl s_client -connect 127.0.0.1:\(port) -servername \(host) </dev/null 2>/dev/null | openssl x509 -noout -subject",
        ]).out
        return text.replacing(" ", with: "").trimmingCharacters(in: .newlines)
    }
}
