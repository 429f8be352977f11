import Engine

// Keys, written and read. Numbers stand big-endian, so that keys sort as what they name does.

extension ProtobufWriter {
    package mutating func userKey(_ id: UserID) {
        bigEndian(KeyHash.of(id))
        utf8(id)
    }

    package mutating func tokenKey(_ token: Text) {
        bigEndian(KeyHash.of(token))
        utf8(token)
    }

    package mutating func itemKey(_ item: ItemID) {
        var hash = KeyHash()
        hash.add(item.user)
        hash.add(0xFF)  // in no UTF-8: where the user ends
        hash.add(item.id)
        bigEndian(hash.value)
        varint(UInt64(item.user.utf8.count))
        utf8(item.user)
        utf8(item.id)
    }

    package mutating func timerKey(_ timer: Timer) {
        bigEndian(timer.at.sortable)
        bigEndian(timer.send)
        utf8(timer.user)
    }

    /// A message and what is known of its tries stand side by side. A channel's name holds no zero byte.
    package mutating func outboxKey(_ place: OutboxPlace, _ part: OutboxPart) {
        utf8(place.channel)
        append(byte: 0)
        bigEndian(place.number)
        append(byte: part.rawValue)
    }

    package mutating func eventKey(_ receivedAt: Instant, _ sequence: UInt64) {
        bigEndian(receivedAt.sortable)
        bigEndian(sequence)
    }

    // In the family of what the folder says of itself.
    package mutating func folderKey() { utf8("folder") }
    package mutating func workspaceKey() { utf8("workspace") }
    package mutating func viewKey() { utf8("view") }

    package mutating func erasureKey(_ user: UserID) {
        utf8(Self.erasurePrefix)
        utf8(user)
    }

    package static var erasurePrefix: String { "erased" }

    package mutating func tallyKey(_ campaign: CampaignNumber) {
        bigEndian(campaign)
    }

    package mutating func campaignKey(_ version: CampaignVersion) {
        bigEndian(version.number)
        bigEndian(version.version)
    }
}

extension ProtobufReader {
    package mutating func userKey() throws(Fault) -> UserID {
        _ = try bigEndian64()
        return try restAsText()
    }

    package mutating func tokenKey() throws(Fault) -> Text {
        _ = try bigEndian64()
        return try restAsText()
    }

    package mutating func itemKey() throws(Fault) -> ItemID {
        _ = try bigEndian64()
        let user = try text()
        return ItemID(user: user, id: try restAsText())
    }

    package mutating func timerKey() throws(Fault) -> Timer {
        let at = Instant(sortable: try bigEndian64())
        let send = try bigEndian64()
        return Timer(at: at, send: send, user: try restAsText(), campaign: 0)
    }

    package mutating func campaignKey() throws(Fault) -> CampaignVersion {
        let number = try bigEndian32()
        return CampaignVersion(number: number, version: try bigEndian32())
    }
}

package enum OutboxPart: UInt8 {
    case message = 0
    case state = 1
}

extension ProtobufReader {
    package mutating func outboxKey(_ key: UnsafeRawBufferPointer) throws(Fault) -> (
        place: OutboxPlace, part: OutboxPart
    ) {
        guard let end = key.firstIndex(of: 0), key.count == end + 10,
            let part = OutboxPart(rawValue: key[key.count - 1])
        else { throw .outOfRange }
        var number = ProtobufReader(UnsafeRawBufferPointer(rebasing: key[(end + 1)...]))
        let channel = String(decoding: key[..<end], as: UTF8.self)
        return (OutboxPlace(channel: channel, number: try number.bigEndian64()), part)
    }
}

extension Instant {
    /// Rises with the instant, as an unsigned number: the sign turned over.
    package var sortable: UInt64 { UInt64(bitPattern: milliseconds) ^ (1 << 63) }

    package init(sortable: UInt64) {
        self.init(milliseconds: Int64(bitPattern: sortable ^ (1 << 63)))
    }
}

/// FNV-1a of 64 bits with a last stirring: the same for ever, since keys on disk begin with it.
struct KeyHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    static func of(_ text: Text) -> UInt64 {
        var hash = KeyHash()
        hash.add(text)
        return hash.value
    }

    @inline(__always)
    mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    mutating func add(_ text: Text) {
        var string = text.string
        string.withUTF8 { for byte in $0 { add(byte) } }
    }

    var value: UInt64 {
        var mixed = state
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ (mixed >> 33)
    }
}
