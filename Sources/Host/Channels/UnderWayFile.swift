import CCrash
import Engine
import Foundation
import Storage
import Synchronization

/// The file `under-way` in the data folder: which messages channels have just now. Their code runs in this process, so
/// one that crashes takes the daemon with it: the next start finds here what it was at, and how often in a row.
///
/// Its first 16 bytes are written by a crash. Then follows a place of 16 bytes for each message, written over when a
/// channel is called with it and when that has an outcome, and left to the system to bring to the disk: exact however
/// the process ends, and after a power cut perhaps old, which costs a message no more than to be tried alone.
package final class UnderWayFile: Sendable {
    /// What a place is about.
    fileprivate enum Kind: UInt16 {
        case nothing
        /// A message that a channel had at a crash, and has not had since.
        case suspect
        case underWay
        /// A channel of which messages were set aside. The key is a hash of its name.
        case channel
    }

    fileprivate struct Place {
        var index: Int
        var deaths = DeathCount()
        /// Of a channel: messages.
        var setAside: UInt16 = 0
        var kind: Kind
    }

    fileprivate struct Places {
        var messages: [UInt64: Place] = [:]
        var channels: [UInt64: Place] = [:]
        var free: [Int] = []
        var all = 1
        var isClosed = false
    }

    /// Nil: nothing is kept.
    private let descriptor: Int32?
    private let places: Mutex<Places>
    /// Messages that channels had when the daemon died, by how often in a row.
    let deaths: [UInt64: DeathCount]
    /// Whether it died by a crash.
    let isCrash: Bool

    private static let placeBytes = 16
    private static let crashMark = Array("the daemon died!".utf8)

    /// Counts one more for what was under way when the daemon died. `path` nil: nothing is kept.
    package init(_ path: String?) throws(StoreError) {
        guard let path else {
            descriptor = nil
            deaths = [:]
            isCrash = false
            places = Mutex(Places())
            return
        }
        let file = try PlainFile.open(path)
        var found = Places()
        isCrash = Self.readsMark(file)
        for (key, place) in Self.read(file) {
            switch place.kind {
            case .nothing: continue
            case .channel: found.channels[key] = place
            case .suspect, .underWay: found.messages[key] = place
            }
        }
        for (key, place) in found.channels {
            found.channels[key] = Place(index: found.take(), setAside: place.setAside, kind: .channel)
        }
        for (key, place) in found.messages {
            var deaths = place.deaths
            if place.kind == .underWay { deaths.add(isCrash: isCrash) }
            found.messages[key] = Place(index: found.take(), deaths: deaths, kind: .suspect)
        }
        deaths = found.messages.mapValues(\.deaths)
        let none = [UInt8](repeating: 0, count: Self.placeBytes)
        _ = pwrite(file, none, none.count, 0)
        for (key, place) in found.channels { Self.write(file, key, place) }
        for (key, place) in found.messages { Self.write(file, key, place) }
        guard ftruncate(file, off_t(found.all * Self.placeBytes)) == 0 else {
            let reason = errno
            Foundation.close(file)
            throw PlainFile.unusable(path, doing: "write", reason)
        }
        triggerd_note_crash(file, Self.crashMark, Self.crashMark.count)
        descriptor = file
        places = Mutex(found)
    }

    deinit {
        if let descriptor { Foundation.close(descriptor) }
    }

    /// The channel is called with the message.
    func begins(_ number: UInt64) {
        change { places in
            var place = places.messages[number] ?? Place(index: places.take(), kind: .underWay)
            place.kind = .underWay
            places.messages[number] = place
            return (number, place)
        }
    }

    /// The channel returned, and has said nothing of the message yet.
    func returned(_ number: UInt64) {
        change { places in
            guard var place = places.messages[number] else { return nil }  // It has its outcome.
            guard !place.deaths.isNone else { return places.remove(number) }
            place.kind = .suspect
            places.messages[number] = place
            return (number, place)
        }
    }

    /// The message's try has an outcome, or it will have no further try: it is no suspect any more.
    func ended(_ number: UInt64) {
        change { $0.remove(number) }
    }

    // MARK: Channels

    /// Messages of the channel that were set aside, with no outcome of another between them.
    func setAside(of channel: String) -> Int {
        places.withLock { Int($0.channels[Self.key(channel)]?.setAside ?? 0) }
    }

    func setsAside(_ channel: String) {
        let key = Self.key(channel)
        change { places in
            var place = places.channels[key] ?? Place(index: places.take(), kind: .channel)
            place.setAside = min(place.setAside, .max - 1) + 1
            places.channels[key] = place
            return (key, place)
        }
    }

    /// The channel told an outcome.
    func answered(_ channel: String) {
        let key = Self.key(channel)
        change { places in
            guard var place = places.channels.removeValue(forKey: key) else { return nil }  // Mostly.
            places.free.append(place.index)
            place.kind = .nothing
            return (key, place)
        }
    }

    private static func key(_ channel: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(channel)
        return hash.value
    }

    /// The daemon ends in order: nobody is to blame for anything. From now on nothing is noted.
    package func close() {
        triggerd_note_crash(-1, nil, 0)
        places.withLock { places in
            places.isClosed = true
            // Where it stays, the next start takes it for a crash: a message is tried alone.
            if let descriptor { _ = ftruncate(descriptor, 0) }
        }
    }

    // MARK: The file

    private func change(_ body: (inout Places) -> (UInt64, Place)?) {
        guard let descriptor else { return }  // Nothing is kept.
        places.withLock { places in
            guard !places.isClosed else { return }  // What ends now ends in order.
            if let (key, place) = body(&places) { Self.write(descriptor, key, place) }
        }
    }

    /// A failure to write says nothing wrong, only less.
    private static func write(_ file: Int32, _ key: UInt64, _ place: Place) {
        let (count, kind) = (place.count, place.kind.rawValue)
        var words = (key.littleEndian, count.littleEndian, kind.littleEndian, check(key, count, kind).littleEndian)
        _ = withUnsafeBytes(of: &words) { pwrite(file, $0.baseAddress, placeBytes, off_t(place.index * placeBytes)) }
    }

    private static func check(_ key: UInt64, _ count: UInt16, _ kind: UInt16) -> UInt32 {
        var hash = StableHash()
        hash.combine(word: key)
        hash.combine(word: UInt64(count) << 16 | UInt64(kind))
        return UInt32(truncatingIfNeeded: hash.value)
    }

    private static func readsMark(_ file: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: placeBytes)
        return pread(file, &bytes, placeBytes, 0) == placeBytes && bytes == crashMark
    }

    /// What does not read is passed over.
    private static func read(_ file: Int32) -> [(key: UInt64, place: Place)] {
        var bytes = [UInt8](repeating: 0, count: LineLimits.placesRead * placeBytes)
        let count = max(0, pread(file, &bytes, bytes.count, off_t(placeBytes)))
        return bytes.withUnsafeBytes { bytes in
            (0..<count / placeBytes).compactMap { index in
                func word<Word: FixedWidthInteger>(_ at: Int) -> Word {
                    Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * placeBytes + at, as: Word.self))
                }
                let (key, count, kind): (UInt64, UInt16, UInt16) = (word(0), word(8), word(10))
                guard let known = Kind(rawValue: kind), word(12) == check(key, count, kind) else { return nil }
                return (key, Place(index: index + 1, count: count, kind: known))
            }
        }
    }
}

extension UnderWayFile.Place {
    fileprivate init(index: Int, count: UInt16, kind: UnderWayFile.Kind) {
        self.index = index
        self.kind = kind
        switch kind {
        case .nothing: break
        case .channel: setAside = count
        case .suspect, .underWay: deaths = DeathCount(crashes: UInt8(count >> 8), kills: UInt8(count & 0xff))
        }
    }

    /// As it stands in the file.
    fileprivate var count: UInt16 {
        switch kind {
        case .nothing: 0
        case .channel: setAside
        case .suspect, .underWay: UInt16(deaths.crashes) << 8 | UInt16(deaths.kills)
        }
    }
}

extension UnderWayFile.Places {
    fileprivate mutating func take() -> Int {
        if let index = free.popLast() { return index }
        defer { all += 1 }
        return all
    }

    fileprivate mutating func remove(_ number: UInt64) -> (UInt64, UnderWayFile.Place)? {
        guard var place = messages.removeValue(forKey: number) else { return nil }  // No channel has it.
        free.append(place.index)
        place.kind = .nothing
        return (number, place)
    }
}
