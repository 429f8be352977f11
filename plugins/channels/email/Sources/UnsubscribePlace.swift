/// The place in a text where the link to unsubscribe is to stand. A template writes `{{ unsubscribe_url }}`; the host
/// leaves it to the channel, which alone can sign the link.
enum UnsubscribePlace {
    static let name = "unsubscribe_url"
    private static let mark = "{{\(name)}}"

    static let nothing =
        "the text has {{ unsubscribe_url }}, and there is no link: set email.unsubscribe_url, email.list_unsubscribe, or "
        + "the message's list_unsubscribe"

    static func filled(_ text: String, _ unsubscribe: Unsubscribe?, isHTML: Bool) throws(Letter.Unsent) -> String {
        guard text.contains(mark) else { return text }
        guard let link = unsubscribe?.targets.first?.text else { throw Letter.Unsent(.refused(nothing)) }
        return text.replacing(mark, with: isHTML ? link.replacing("&", with: "&amp;") : link)
    }
}
