/// A value behind a pointer, so that an enum or a table that holds it stays small. It is a value all the same.
indirect enum Box<Value> {
    case of(Value)

    init(_ value: Value) { self = .of(value) }

    var value: Value {
        switch self {
        case .of(let value): value
        }
    }
}

extension Box: Sendable where Value: Sendable {}
