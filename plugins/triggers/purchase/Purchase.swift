import PluginKit

/// `purchase`: a purchase was stored, of any product or of those named (1.2). A quantity fires once.
struct Purchase: TriggerType {
    static let name = "purchase"
    static let fields = [Field(name: "product_id", type: .strings, summary: "Only these products.")]

    private let products: [String]

    init(configuration: Value) throws {
        products = configuration["product_id"]?.strings ?? []
        guard !products.contains("") else { throw PluginError("product_id: a product's id is empty") }
    }

    var subjects: [Subject] {
        products.isEmpty ? [Subject("purchase")] : products.map { Subject("purchase", $0) }
    }

    func matches(_ event: borrowing Event) -> Bool {
        if products.isEmpty { return true }
        for product in products where event.hasSubject(product) { return true }
        return false
    }
}

struct PurchasePlugin: Plugin {
    static let name = "purchase"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: Purchase.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(PurchasePlugin.self, host, why)
}
