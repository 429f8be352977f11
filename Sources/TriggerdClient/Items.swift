extension V1.Item {
    /// Something that the user did.
    public static func event(_ user: String, _ name: String, _ properties: [String: V1.Value] = [:]) -> Self {
        var happened = V1.CustomEvent()
        (happened.event, happened.properties) = (name, properties)
        return Self(user, .customEvent(happened))
    }

    /// One product was bought.
    public static func purchase(
        _ user: String,
        _ product: String,
        price: Double,
        currency: String = "",
        quantity: Int64 = 1,
        _ properties: [String: V1.Value] = [:]
    ) -> Self {
        var happened = V1.Purchase()
        (happened.productID, happened.price, happened.currency) = (product, price, currency)
        (happened.quantity, happened.properties) = (quantity, properties)
        return Self(user, .purchase(happened))
    }

    /// The app was opened; the answer's `message` is what it is to show.
    public static func sessionStart(
        _ user: String,
        device: String = "",
        _ properties: [String: V1.Value] = [:]
    ) -> Self {
        var happened = V1.SessionStart()
        (happened.device, happened.properties) = (device, properties)
        return Self(user, .sessionStart(happened))
    }

    /// Attributes of the profile; null removes one.
    public static func update(_ user: String, _ attributes: [String: V1.Value]) -> Self {
        var item = Self(user, .profileUpdate(V1.ProfileUpdate()))
        item.set = attributes
        return item
    }

    /// Where the user is, in degrees.
    public static func location(
        _ user: String,
        latitude: Double,
        longitude: Double,
        _ properties: [String: V1.Value] = [:]
    ) -> Self {
        var happened = V1.Location()
        (happened.latitude, happened.longitude, happened.properties) = (latitude, longitude, properties)
        return Self(user, .location(happened))
    }

    private init(_ user: String, _ kind: Kind) {
        self.init()
        (self.user, self.kind) = (user, kind)
    }

    /// With an id, so that it may be sent twice and counts once.
    var withID: Self {
        guard id.isEmpty else { return self }
        var item = self
        item.id = String(UInt128.random(in: 0...UInt128.max), radix: 16)
        return item
    }
}
