import DequeModule
import Engine
import HeapModule
import Storage

/// The messages that memory knows, each in one state, and whose turn it is among those of one user for one provider.
///
/// `move` alone changes a state. With it go the counts, the alarms and the queues of what the line does next, so that
/// these cannot say anything else than the states do.
struct MessageTable {
    struct Message {
        let user: UserID
        /// The provider in whose order it stands; nil: nobody has asked yet which.
        var service: Text?
        var state: MessageState
        var notes: Box<MessageNotes>?
    }

    /// One user's messages for one provider go one after the other.
    struct Chain: Hashable {
        var user: UserID
        var service: Text
    }

    /// Those of a chain that have no outcome.
    struct Row {
        /// It has its turn.
        var first: UInt64
        var behind = HeapModule.Heap<UInt64>()
    }

    let givesUpAfter: Length
    private(set) var messages: [UInt64: Message] = [:]
    private(set) var chains: [Chain: Row] = [:]
    /// Messages without an outcome, by the provider in whose order they stand.
    private(set) var waiting: [Text: Int] = [:]
    private(set) var counts = [Int](repeating: 0, count: MessageState.Kind.allCases.count)
    private(set) var alarms = Alarms<UInt64>()
    /// Times that messages were put off and that are not on disk yet.
    private(set) var writes = 0

    /// Those that are `suspected`: after a crash few, mostly none.
    private(set) var suspected: Set<UInt64> = []

    // In order, those in the state of that name.
    private(set) var wanted = Deque<UInt64>()
    private(set) var unsorted = Deque<UInt64>()
    private(set) var marked = Deque<UInt64>()
    private(set) var ending = Deque<UInt64>()

    init(givesUpAfter: Length) {
        self.givesUpAfter = givesUpAfter
    }

    // MARK: What is known

    /// Nil: memory does not know the message.
    func state(_ number: UInt64) -> MessageState? { messages[number]?.state }

    /// The provider in whose order it stands; nil: it stands in none.
    func service(_ number: UInt64) -> Text? { messages[number]?.service }

    func notes(_ number: UInt64) -> MessageNotes { messages[number]?.notes?.value ?? MessageNotes() }

    func count(_ kind: MessageState.Kind) -> Int { counts[kind.rawValue] }

    /// Without an outcome.
    var tracked: Int { messages.count - count(.settled) }
    /// Those that memory holds whole, or is about to, and that have no place with the channel.
    var whole: Int { count(.loading) + count(.unsorted) + count(.sorting) + count(.ready) + count(.ending) }
    /// Outcomes and tries that are not on disk yet.
    var unrecorded: Int { count(.settled) + writes }

    // MARK: Coming and going

    /// Takes the message in. Gives whether it has its turn: it is `loading` then, as if it had been read just now.
    ///
    /// - Parameter service: nil where its provider is to be asked for; until then it stands in no order.
    mutating func admit(_ number: UInt64, of user: UserID, service: Text?) -> Bool {
        let hasTurn = service.map { join(number, Chain(user: user, service: $0)) } ?? true
        let state = hasTurn ? MessageState.loading(nil) : .behind
        let known = messages.updateValue(Message(user: user, service: service, state: state), forKey: number)
        precondition(known == nil, "message \(number) comes in, and is here")
        counts[state.kind.rawValue] += 1
        return hasTurn
    }

    /// The message is for this provider by now: where that is news it leaves the order in which it stood, and comes
    /// after those for the new one. Gives whether it has its turn.
    mutating func enter(_ number: UInt64, _ service: Text) -> Bool {
        guard let message = messages[number] else { impossible("entered", number) }
        guard message.service != service else { return true }
        // Each name stands once in memory, however many messages have it.
        let service = waiting.index(forKey: service).map { waiting.keys[$0] } ?? service
        passTurn(of: number)
        let hasTurn = join(number, Chain(user: message.user, service: service))
        messages[number]?.service = service
        return hasTurn
    }

    private mutating func join(_ number: UInt64, _ chain: Chain) -> Bool {
        waiting[chain.service, default: 0] += 1
        guard let place = chains.index(forKey: chain) else {
            chains[chain] = Row(first: number)
            return true
        }
        chains.values[place].behind.insert(number)
        return false
    }

    /// Its outcome is told: the next one of its chain has its turn.
    mutating func settle(_ number: UInt64) {
        move(number, to: .settled)
        if messages[number]?.notes != nil { change(number) { $0 = MessageNotes(writes: $0.writes) } }
        passTurn(of: number)
    }

    /// Its outcome is on disk.
    mutating func remove(_ number: UInt64) {
        guard let message = messages.removeValue(forKey: number), message.state.kind == .settled else {
            impossible("recorded", number)
        }
        counts[MessageState.Kind.settled.rawValue] -= 1
        writes -= message.notes?.value.writes ?? 0
    }

    /// The disk does not show it any more.
    mutating func lose(_ number: UInt64) {
        guard state(number)?.kind == .loading else { impossible("lost", number) }
        passTurn(of: number)
        let message = messages.removeValue(forKey: number)
        counts[MessageState.Kind.loading.rawValue] -= 1
        writes -= message?.notes?.value.writes ?? 0
    }

    private mutating func passTurn(of number: UInt64) {
        guard let message = messages[number] else { impossible("passTurn", number) }
        guard let service = message.service else { return }  // It stands in no order yet.
        guard let place = chains.index(forKey: Chain(user: message.user, service: service)),
            chains.values[place].first == number
        else { impossible("passTurn", number) }
        waiting[service, default: 0] -= 1
        if waiting[service] == 0 { waiting[service] = nil }
        if let next = chains.values[place].behind.popMin() {
            chains.values[place].first = next
            move(next, to: .wanted(nil))
        } else {
            chains.remove(at: place)
        }
    }

    // MARK: Changes

    mutating func move(_ number: UInt64, to state: MessageState) {
        guard let old = messages[number]?.state, old.kind.mayBecome(state.kind) else {
            impossible("\(state.kind)", number)
        }
        messages[number]?.state = state
        counts[old.kind.rawValue] -= 1
        counts[state.kind.rawValue] += 1
        if old.kind == .suspected { suspected.remove(number) }
        if state.kind == .suspected { suspected.insert(number) }
        switch state {
        case .wanted: wanted.append(number)
        case .unsorted: unsorted.append(number)
        case .marked: marked.append(number)
        case .ending: ending.append(number)
        case .later, .suspected, .parked, .ready, .underWay:
            if let at = state.alarm(givesUpAfter) { setAlarm(number, at) }
        case .behind, .loading, .sorting, .marking, .settled: break
        }
    }

    /// The next of those that the line has to do something about, by their state.
    mutating func popFirst(_ kind: MessageState.Kind) -> UInt64? {
        switch kind {
        case .wanted: wanted.popFirst()
        case .unsorted: unsorted.popFirst()
        case .marked: marked.popFirst()
        case .ending: ending.popFirst()
        case .behind, .later, .suspected, .parked, .loading, .sorting, .ready, .marking, .underWay, .settled:
            preconditionFailure("nothing is next of those that are \(kind)")
        }
    }

    mutating func change(_ number: UInt64, _ body: (inout MessageNotes) -> Void) {
        guard var notes = messages[number].map({ $0.notes?.value ?? MessageNotes() }) else {
            impossible("changed", number)
        }
        let before = notes.writes
        body(&notes)
        writes += notes.writes - before
        messages[number]?.notes = notes.isEmpty ? nil : Box(notes)
    }

    // MARK: Alarms

    /// When something becomes of a message by itself.
    mutating func nextAlarm() -> Instant { firstAlarm()?.at ?? .never }

    /// The message of which something becomes by itself by now. Its state has to change.
    mutating func popDue(_ now: Instant) -> UInt64? {
        guard let alarm = firstAlarm(), alarm.at <= now else { return nil }
        alarms.removeFirst()
        return alarm.key
    }

    private mutating func firstAlarm() -> Alarms<UInt64>.Alarm? {
        alarms.first { [messages, givesUpAfter] in messages[$0.key]?.state.alarm(givesUpAfter) == $0.at }
    }

    private mutating func setAlarm(_ number: UInt64, _ at: Instant) {
        let meant = count(.later) + count(.suspected) + count(.parked) + count(.ready) + count(.underWay)
        alarms.set(Alarms.Alarm(at: at, key: number), meant: meant) { [messages, givesUpAfter] in
            messages[$0.key]?.state.alarm(givesUpAfter) == $0.at
        }
    }

    /// The event, the message and its state: for a bug of ours, never for what a channel says.
    func impossible(_ event: String, _ number: UInt64) -> Never {
        let state = state(number).map { "\($0.kind)" } ?? "unknown"
        preconditionFailure("a line's message \(number), which is \(state), cannot become or be \(event)")
    }
}
