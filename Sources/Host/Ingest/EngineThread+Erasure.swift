import Engine
import Storage

/// What was kept of users who were forgotten leaves the disk.
extension EngineThread {
    /// Of somebody who is forgotten now. It takes a number: an item of before may have made no decision, and has the
    /// number that the next one would have had.
    func takeErasure() -> Erasure {
        takeNumber()
        return Erasure(at: instant, eventsBefore: nextEvent, numbersBefore: firstFreeNumber)
    }

    /// Beside this thread: every table is rewritten. Of many who are forgotten in a day, once.
    func eraseWhenDue() {
        guard !isErasing, let oldest = store.oldestErasure else { return }
        guard instant >= max(oldest + limits.erasesAfter, eraseNext) else { return }
        isErasing = true
        eraseNext = instant + Self.erasePause
        let (store, queue, logger) = (store, queue, logger)
        readers.run {
            var erased: [UserID: Erasure] = [:]
            do {
                erased = try store.erase()
            } catch {
                logger.error("what is kept of forgotten users cannot be taken from the disk yet: \(error)")
            }
            queue.put(own: .erased(erased))
        }
    }

    /// After a try that failed.
    private static let erasePause = Length.seconds(3_600)
}
