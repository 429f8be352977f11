import Engine
import Patterns

extension Filter.Operator {
    /// As a campaign file has it.
    init(name: String, operand: Value) throws(OperatorFault) {
        var patterns = PatternAllowance(RE2.pattern)
        try self.init(name: name, operand: operand, patterns: &patterns)
    }
}
