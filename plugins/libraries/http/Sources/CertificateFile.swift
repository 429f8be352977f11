import Encodings
import PluginKit

/// A setting that all channels of HTTP read alike.
package enum CertificateFile {
    /// - Returns: the path, or nil where none is set.
    /// - Throws: where the file cannot be read or holds no certificate, naming the setting `ca_file`.
    package static func checked(_ path: String?) throws(PluginError) -> String? {
        guard let path, !path.isEmpty else { return nil }
        if let fault = Certificates.fault(inFile: path) { throw PluginError("ca_file: \(path) \(fault)") }
        return path
    }
}
