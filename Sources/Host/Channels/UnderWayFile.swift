import Engine
import Foundation
import Storage
import Synchronization

/// The file `under-way` in the data folder: which messages channels have just now. Their code runs in this process, so
/// one that crashes takes the daemon with it: the next start finds here what it was at, and how often in a row.
///
/// A place of 16 bytes for each message, written over when a channel is called with it and when that has an outcome,
/// and left to the system to bring to the disk: exact however the process ends, and after a power cut perhaps old,
/// which costs a message no more than to be tried alone.
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
        var count: UInt16
        var kind: Kind
    }

    fileprivate struct Places {
        var messages: [UInt64: Place] = [:]
        var channels: [UInt64: Place] = [:]
        var free: [Int] = []
        var all = 0
        var isClosed = false
    }

    /// Nil: nothing is kept.
    private let descriptor: Int32?
    private let places: Mutex<Places>
    /// Messages that channels had when the daemon died, by how often in a row.
    let crashes: [UInt64: Int]

    private static let placeBytes = 16

    /// Counts one more for what was under way when the daemon died. `path` nil: nothing is kept.
    package init(_ path: String?) throws(StoreError) {
        guard let path else {
            descriptor = nil
            crashes = [:]
            places = Mutex(Places())
            return
        }
        let file = try PlainFile.open(path)
        var found = Places()
        for (key, place) in Self.read(file) {
            switch place.kind {
            case .nothing: continue
            case .channel: found.channels[key] = place
            case .suspect, .underWay: found.messages[key] = place
            }
        }
        for (key, place) in found.channels {
            found.channels[key] = Place(index: found.take(), count: place.count, kind: .channel)
        }
        for (key, place) in found.messages {
            let count = place.kind == .underWay ? place.count + 1 : place.count
            found.messages[key] = Place(index: found.take(), count: count, kind: .suspect)
        }
        crashes = found.messages.mapValues { Int($0.count) }
        for (key, place) in found.channels { Self.write(file, key, place) }
        for (key, place) in found.messages { Self.write(file, key, place) }
        guard ftruncate(file, off_t(found.all * Self.placeBytes)) == 0 else {
            let reason = errno
            Foundation.close(file)
            throw PlainFile.unusable(path, doing: "write", reason)
        }
        descriptor = file
        places = Mutex(found)
    }

    deinit {
        if let descriptor { Foundation.close(descriptor) }
    }

    /// The channel is called with the message.
    func begins(_ number: UInt64) {
        change { places in
            var place = places.messages[number] ?? Place(index: places.take(), count: 0, kind: .underWay)
            place.kind = .underWay
            places.messages[number] = place
            return (number, place)
        }
    }

    /// The channel returned, and has said nothing of the message yet.
    func returned(_ number: UInt64) {
        change { places in
            guard var place = places.messages[number] else { return nil }  // It has its outcome.
            guard place.count > 0 else { return places.remove(number) }
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
        places.withLock { Int($0.channels[Self.key(channel)]?.count ?? 0) }
    }

    func setsAside(_ channel: String) {
        let key = Self.key(channel)
        change { places in
            var place = places.channels[key] ?? Place(index: places.take(), count: 0, kind: .channel)
            place.count = min(place.count + 1, .max - 1)
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
        var words = (key.littleEndian, place.count.littleEndian, place.kind.rawValue.littleEndian, UInt32(0))
        words.3 = check(key, place.count, place.kind.rawValue).littleEndian
        _ = withUnsafeBytes(of: &words) { pwrite(file, $0.baseAddress, placeBytes, off_t(place.index * placeBytes)) }
    }

    private static func check(_ key: UInt64, _ count: UInt16, _ kind: UInt16) -> UInt32 {
        var hash = StableHash()
        hash.combine(word: key)
        hash.combine(word: UInt64(count) << 16 | UInt64(kind))
        return UInt32(truncatingIfNeeded: hash.value)
    }

    /// What does not read is passed over.
    private static func read(_ file: Int32) -> [(key: UInt64, place: Place)] {
        var bytes = [UInt8](repeating: 0, count: LineSettings.placesRead * placeBytes)
        let count = max(0, pread(file, &bytes, bytes.count, 0))
        return bytes.withUnsafeBytes { bytes in
            (0..<count / placeBytes).compactMap { index in
                func word<Word: FixedWidthInteger>(_ at: Int) -> Word {
                    Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * placeBytes + at, as: Word.self))
                }
                let (key, count, kind): (UInt64, UInt16, UInt16) = (word(0), word(8), word(10))
                guard let known = Kind(rawValue: kind), word(12) == check(key, count, kind), count < .max else {
                    return nil
                }
                return (key, Place(index: index, count: count, kind: known))
            }
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
