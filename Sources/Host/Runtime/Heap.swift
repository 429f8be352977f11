import HeapModule

/// The heap of swift-collections with the names of a queue, for those who take only the least.
typealias Heap<Element: Comparable> = HeapModule.Heap<Element>

extension Heap {
    var first: Element? { min }

    mutating func push(_ element: Element) { insert(element) }

    @discardableResult
    mutating func pop() -> Element? { popMin() }
}
