import NIOCore

/// What travels in a frame, as a message of whoever calls.
package typealias Payload = ByteBuffer

/// A name, and the methods that it answers.
package struct Service: Sendable {
    /// Called on the connection's event loop, which it must not block.
    package typealias Method = @Sendable (Call, Request) -> Void

    /// How a method answers. The kind is the method's, whatever a request's flags say.
    enum Kind: Sendable {
        case unary(Method)
        case stream(StreamMethod)
    }

    let name: String
    let methods: [String: Kind]

    package init(_ name: String, methods: [String: Method] = [:], streams: [String: StreamMethod] = [:]) {
        self.name = name
        // One name for a unary method and a stream would be a mistake of ours.
        self.methods = methods.mapValues { .unary($0) }.merging(streams.mapValues { .stream($0) }) { _, _ in
            preconditionFailure("two methods of \(name) have one name")
        }
    }
}

/// Finds the method for a request's two names, without making strings of them.
struct Router: Sendable {
    /// A class, so that finding one copies no names.
    final class Route: Sendable {
        let service: [UInt8]
        let method: [UInt8]
        let needs: Roles
        let body: Service.Kind

        init(_ service: String, _ method: String, needs: Roles, _ body: Service.Kind) {
            (self.service, self.method) = (Array(service.utf8), Array(method.utf8))
            (self.needs, self.body) = (needs, body)
        }

        var name: String { String(decoding: service + [UInt8(ascii: "/")] + method, as: UTF8.self) }
    }

    private var services: Set<String> = []
    private var slots: [Route?]

    /// Throws where two services have one name. `needs`: the role for a method of a service; none is for everybody.
    init(_ all: [Service], needs: (_ service: String, _ method: String) -> Roles) throws(ServerError) {
        var routes: [Route] = []
        for service in all {
            guard services.insert(service.name).inserted else { throw .duplicateService(service.name) }
            for (name, body) in service.methods {
                routes.append(Route(service.name, name, needs: needs(service.name, name), body))
            }
        }
        var size = 16
        while size < routes.count * 4 { size *= 2 }
        slots = Array(repeating: nil, count: size)
        for route in routes {
            var slot = route.service.withUnsafeBytes { service in
                route.method.withUnsafeBytes { Self.hash(service, $0) & (size - 1) }
            }
            while slots[slot] != nil { slot = (slot + 1) & (size - 1) }
            slots[slot] = route
        }
    }

    /// Throws UNIMPLEMENTED, naming what there is not.
    func route(_ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer) throws(Status) -> Route {
        var slot = Self.hash(service, method) & (slots.count - 1)
        while let route = slots[slot] {
            if route.service.elementsEqual(service), route.method.elementsEqual(method) { return route }
            slot = (slot + 1) & (slots.count - 1)
        }
        let name = String(decoding: service, as: UTF8.self)
        throw services.contains(name)
            ? Status(.unimplemented, "method \(String(decoding: method, as: UTF8.self))")
            : Status(.unimplemented, "service \(name)")
    }

    private static func hash(_ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in service { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0x2f) &* 0x100_0000_01b3
        for byte in method { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash >> 17)
    }
}
