import Engine

extension LineStateMachine {
    /// Why a message that is on disk was not handed over.
    package struct Hold: Equatable, Sendable {
        package var reason: String
        /// When that may change by itself.
        package var next: Instant?
    }

    /// Nil where nothing holds it, or where a try of its own tells why.
    package func hold(of number: UInt64, _ now: Instant) -> Hold? {
        switch messages.state(number) {
        case nil:
            // What is above the cursor is on disk alone.
            return number > disk.cursor ? Hold(reason: "\(pending) messages of its channel wait, some before it") : nil
        case .behind:
            let service = messages.service(number) ?? ""
            let whom = service.isEmpty ? "" : " to \(service)"
            let why = conditions.byService[service].map { ": \($0.reason)" } ?? ""
            return Hold(reason: "an earlier message of the user's\(whom) has no outcome yet\(why)")
        case .parked(let lane, _), .ready(_, let lane):
            let (service, pace) = (lanes[lane].service, lanes[lane].pace)
            let provider = service.isEmpty ? "the provider" : service
            guard pace.isResting(now) else {
                guard lanes[lane].isFirst(number) else { return Hold(reason: "others to \(provider) are before it") }
                return Hold(reason: "\(provider) is not tried yet: others that do not answer have all places of such")
            }
            let why = conditions.byService[service].map { ": \($0.reason)" } ?? ""
            return Hold(reason: "\(provider) is left alone for now\(why)", next: pace.restUntil)
        case .suspected: return Hold(reason: "the channel had it when the daemon died: it is tried alone")
        case .later, .wanted, .loading, .unsorted, .sorting, .marking, .marked, .underWay, .ending, .settled:
            return nil
        }
    }
}
