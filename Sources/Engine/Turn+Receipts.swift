/// When a user received a campaign (6.3). A send sets its receipt once, at its first delivery, whatever is delivered or
/// seen of it later (9.12, 14); until then it is only reserved (13, Hand-over).
extension Turn {
    /// The newest receipt of the campaign, reserved ones included, that is not the send's own.
    func lastReceipt(of number: CampaignNumber, besides send: UInt64 = 0) -> Receipt? {
        state.receipts.filter { $0.campaign == number && (send == 0 || $0.send != send) }.max { $0.at < $1.at }
    }

    /// A message of the send is being handed over; a receipt that it has already stays as it is.
    mutating func reserveReceipt(of number: CampaignNumber, _ send: UInt64) {
        guard receipt(of: number, send) == nil else { return }  // It has one already.
        state.receipts.append(Receipt(campaign: number, at: now, send: send, isCertain: false))
    }

    /// A message of the send was delivered at `instant`.
    mutating func receive(_ number: CampaignNumber, _ send: UInt64, at instant: Instant) {
        if let index = receipt(of: number, send) {
            let receipt = state.receipts[index]
            state.receipts[index].at = receipt.isCertain ? min(receipt.at, instant) : instant
            state.receipts[index].isCertain = true
        } else {
            state.receipts.append(Receipt(campaign: number, at: instant, send: send, isCertain: true))
        }
        forgetOldReceipts(of: number)
    }

    /// Nothing came of the send's message (6.4); what another channel of it delivered, or still may, stays.
    mutating func giveReceiptBack(of number: CampaignNumber, _ send: UInt64) {
        if let index = receipt(of: number, send), !state.receipts[index].isCertain,
            !state.claims.contains(where: { $0.send == send })
        {
            state.receipts.remove(at: index)
        }
        forgetOldReceipts(of: number)
    }

    func isReceived(_ number: CampaignNumber, _ send: UInt64) -> Bool {
        receipt(of: number, send).map { state.receipts[$0].isCertain } ?? false
    }

    private func receipt(of number: CampaignNumber, _ send: UInt64) -> Int? {
        state.receipts.firstIndex { $0.campaign == number && $0.send == send }
    }

    /// Of receipts that are certain only the newest counts. One whose send still has a message under way or in the
    /// queue stays beside it, so that a later delivery of that send finds that it has one.
    private mutating func forgetOldReceipts(of number: CampaignNumber) {
        guard let newest = state.receipts.filter({ $0.campaign == number && $0.isCertain }).max(by: { $0.at < $1.at })
        else { return }
        state.receipts.removeAll { receipt in
            receipt.campaign == number && receipt.isCertain && receipt != newest
                && !state.claims.contains { $0.send == receipt.send }
                && !state.queue.contains { $0.wait.send == receipt.send }
        }
    }
}
