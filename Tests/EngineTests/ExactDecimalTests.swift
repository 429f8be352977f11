import Engine
import Testing

/// 14: sums of money are exact.
struct ExactDecimalTests {
    @Test(
        "a number is what was written, whatever way",
        arguments: [
            ("0", "0"), ("-0", "0"), ("0.000", "0"), ("12.50", "12.5"), ("+3", "3"), ("0.00042137", "0.00042137"),
            ("4.2137e-04", "0.00042137"), ("1e+22", "10000000000000000000000"), (".5", "0.5"), ("5.", "5"),
            ("-1000000000", "-1000000000"), ("1e9", "1000000000"), ("999999999.999999999", "999999999.999999999"),
        ]
    )
    func written(text: String, digits: String) {
        #expect(ExactDecimal(text)?.description == digits)
        #expect(ExactDecimal(digits) == ExactDecimal(text))
    }

    @Test(
        "what is no number is none",
        arguments: ["", "-", ".", "1.2.3", "e5", "1e", "nan", "inf", "0x10", "1 ", "1e401"]
    )
    func noNumber(text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test(
        "sums carry and borrow over the groups of digits",
        arguments: [
            ("9e12", "9e12", "18000000000000"), ("1e13", "0.00042137", "10000000000000.00042137"),
            ("0.1", "0.2", "0.3"), ("999999999", "1", "1000000000"), ("1000000000", "-1", "999999999"),
            ("1", "-1", "0"), ("-1e-9", "1e9", "999999999.999999999"), ("1e300", "-1e300", "0"),
            ("-0.5", "-0.5", "-1"), ("1e18", "-1000000001", "999999998999999999"),
        ]
    )
    func sums(left: String, right: String, sum: String) throws {
        let (left, right) = (try #require(ExactDecimal(left)), try #require(ExactDecimal(right)))
        #expect((left + right).description == sum)
        #expect((right + left).description == sum)
    }

    @Test("sums and products of whole numbers are those of 128 bits")
    func random() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bits = Int.random(in: 0..<63, using: &random)
            let left = Int64.random(in: .min ... .max, using: &random) >> bits
            let right = Int64.random(in: .min ... .max, using: &random)
            #expect((ExactDecimal(left) + ExactDecimal(right)).description == "\(Int128(left) + Int128(right))")
            #expect((ExactDecimal(left) * right).description == "\(Int128(left) * Int128(right))")
        }
    }

    @Test("purchase_total adds up what was paid: nothing wraps, nothing is cut, nothing is dropped")
    func purchases() {
        func total(_ prices: [Value], quantity: Int64 = 1) -> Value? {
            var campaign = Campaign(id: "C", trigger: .event("cart"), reEligibility: .after(.zero), messages: [.email])
            campaign.audience = .subject(.purchaseTotal("VND", inLast: nil), [.less(-1e300)])
            var bench = Bench(campaign)
            for (index, price) in prices.enumerated() {
                bench.event(
                    "p",
                    at: Int64(index),
                    ["price": price, "currency": "VND", "quantity": .integer(quantity)],
                    type: Event.purchase
                )
            }
            let decided = bench.event("cart", at: 100)
            guard case .object(let found)? = decided.first?.why["found"] else { return nil }
            return found.members.first?.value
        }
        #expect(total([9e12, 9e12]) == 18_000_000_000_000)
        #expect(total([1e13]) == 10_000_000_000_000)
        #expect(total([0.00042137]) == 0.00042137)
        #expect(total([0.1, 0.2]) == 0.3)
        #expect(total([9_007_199_254_740_993]) == 9_007_199_254_740_993)
        #expect(total([0.1], quantity: 3) == 0.3)
        #expect(total([1e300, -1e300, 1]) == 1)
        #expect(total([9e18, 9e18]) == 1.8e19)
    }
}
