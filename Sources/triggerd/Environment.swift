import Glibc
import SystemPackage

/// What the process was started with.
enum Environment {
    /// Nil where it is not set, or empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// Of the user who runs this.
    static var home: String? {
        variable("HOME") ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_dir) }
    }

    /// The file of this program.
    static var program: FilePath {
        let most = Int(PATH_MAX)
        let path = [CChar](unsafeUninitializedCapacity: most) { buffer, count in
            count = max(0, readlink("/proc/self/exe", buffer.baseAddress!, most))
        }
        let found = path.map { UInt8(bitPattern: $0) }
        return FilePath(found.isEmpty ? CommandLine.arguments[0] : String(decoding: found, as: UTF8.self))
    }
}
