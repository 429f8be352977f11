import CRE2
import Engine

/// Makes the engine's patterns of regular expressions, by RE2.
package enum RE2 {
    /// Throws what RE2 calls wrong, in its words.
    package static func pattern(_ text: Text) throws(PatternFault) -> Pattern {
        let program = try Program(text)
        return Pattern(text, instructions: program.instructions) { bytes in
            cre2_finds(program.pointer, bytes.baseAddress, bytes.count)
        }
    }

    private final class Program: @unchecked Sendable {
        // RE2 may be asked by any number of threads at once.
        let pointer: OpaquePointer

        init(_ text: Text) throws(PatternFault) {
            let length = text.utf8.count
            let (compiled, fault) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { fault in
                fault[0] = 0
                let compiled = text.string.withCString {
                    cre2_compile($0, length, CampaignLimits.patternMemory, fault.baseAddress, fault.count)
                }
                return (compiled, compiled == nil ? String(cString: fault.baseAddress!) : "")
            }
            guard let compiled else { throw PatternFault(text: fault) }
            pointer = compiled
        }

        deinit {
            cre2_free(pointer)
        }

        var instructions: Int { cre2_instructions(pointer) }
    }
}
