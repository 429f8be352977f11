/// What the words of a reply speak of. Addresses and links in them are not looked at: anybody may be called `relay`.
struct SMTPWords {
    /// Lower-case words with one space before and behind each.
    private let text: String

    init(_ reply: String) {
        var text = " "
        for word in reply.lowercased().split(whereSeparator: \.isWhitespace)
        where !word.contains("@") && !word.contains("://") && !word.hasPrefix("www.") {
            for part in word.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) { text += part + " " }
        }
        // Where Postfix looked for a user in vain: no relaying was denied.
        if let place = text.firstRange(of: " in relay recipient table ") { text.replaceSubrange(place, with: " ") }
        self.text = text
    }

    /// A phrase counts from a word's beginning; one that ends with a space, to a word's end.
    private func speak(of phrases: [String]) -> Bool { phrases.contains { text.contains(" " + $0) } }

    var speakOfGreylisting: Bool { speak(of: ["greylist", "graylist", "grey list", "gray list"]) }

    /// Too many letters, or too many connections.
    var speakOfRate: Bool {
        speak(of: ["too many", "too fast", "too much mail", "too frequent", "slow down", "throttl", "concurren"])
            || !speakOfSize && speak(of: ["rate ", "rates ", "ratelimit", "limit"])
    }

    var speakOfSize: Bool {
        speak(of: ["message size", "size limit", "maximum size", "too large", "too big", "message exceeds", "too long"])
    }

    var speakOfQuota: Bool { speak(of: ["quota", "overquota"]) }

    /// The reader's, and not what the sender may send in a day.
    var speakOfFullMailbox: Bool {
        speak(of: ["mailbox", "mail box", "inbox", "user", "recipient", "account"])
            && speak(of: ["quota", "overquota", "full ", "storage", "over its limit", "over the limit", "out of space"])
            && !speak(of: ["send", "daily", "hour", "per day", "your "])
    }

    var speakOfSender: Bool {
        speak(of: [
            "sender", "mail from", "from address", "envelope from", "return path", "not accept mail from",
            "not verified", "unverified",
        ])
    }

    /// How the channel comes to the server: its name, its login, its right to have mail passed on.
    var speakOfAccess: Bool {
        speak(of: [
            "relay", "helo ", "ehlo ", "fully qualified", "reverse dns", "reverse host", "reverse lookup", "rdns",
            "ptr ",
            "client host", "authenticat", "auth ", "log in", "login", "password", "credential", "starttls", "tls ",
            "encrypt",
        ])
    }

    /// What concerns all letters of the channel: its access, its sender, its name with those who keep lists.
    var speakOfChannel: Bool {
        speakOfReputation || speakOfQuota
            || speak(of: [
                "block", "polic", "not permitted", "not allowed", "access denied", "prohibit", "administrat",
                "your account",
                "your domain", "your server", "your network", "client", "not local",
            ])
    }

    private var speakOfReputation: Bool {
        speakOfAccess || speakOfSender
            || speak(of: [
                "spf ", "dkim", "dmarc", "dnsbl", "rbl ", "blacklist", "black list", "denylist", "reputation",
            ])
            || speak(of: ["spamhaus", "spamcop", "barracuda", "sorbs", "ip ", "ips "])
            || speak(of: ["listed "]) && !speak(of: ["not listed "])
    }

    var speakOfContent: Bool {
        speak(of: ["spam", "virus", "malware", "phish", "content", "attachment", "unsolicited", "junk"])
    }

    /// Of what this letter says, and not of who sends it.
    var speakOfContentAlone: Bool { speakOfContent && !speakOfReputation }

    /// Somebody, and that there is no such one.
    var speakOfMissingMailbox: Bool {
        speak(of: [
            "user", "mailbox", "mail box", "recipient", "account", "address", "inbox", "alias", "person", "destination",
        ])
            && speak(of: [
                "unknown", "no such", "nosuch", "not found", "not exist", "t exist", "nonexist", "non exist", "invalid",
                "not valid", "not a valid", "t a valid", "unavailable", "disabled", "inactive", "not active",
                "deactivated", "no longer", "not known", "not a known", "unrouteable", "unroutable", "no mailbox",
                "no user", "no account", "no recipient", "not listed", "suspended", "terminated", "discontinued",
                "expired", "closed", "be found", "t have a", "not have a", "deleted", "bad destination", "not recogni",
            ])
            && !speak(of: ["temporar", "try again", "try later"])
    }
}
