import Dispatch
import Engine
import RPC
import Storage

/// Where calls are answered that only read: beside the writer and off the event loops, since a read may go to disk.
struct Readers: Sendable {
    private let threads = DispatchQueue(label: "triggerd.reads", attributes: .concurrent)

    /// Answers the call with what `body` builds or throws.
    func read(_ call: Call, _ body: @escaping @Sendable (Arena) throws -> Finished) {
        threads.async {
            Arena.use { arena in
                do {
                    let (_, result) = try body(arena)
                    switch result {
                    case .success(let payload): call.reply(payload)
                    case .failure(let status): call.fail(status)
                    }
                } catch let status as Status {
                    call.fail(status)
                } catch StoreError.corrupt(let what) {
                    call.fail(.damaged(what))
                } catch let error as StoreError where error.isDamage {
                    call.fail(Status(.dataLoss, "\(error)"))
                } catch {
                    call.fail(Status(.unavailable, "the store cannot be read: \(error)"))
                }
            }
        }
    }

    /// For what goes on in the background.
    func run(_ body: @escaping @Sendable () -> Void) {
        threads.async(execute: body)
    }
}
