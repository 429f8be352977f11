/// An array in pages. A copy that is changed shares every page without a change with the one that it was copied from,
/// so that changing one element of many costs one page, not all.
package struct PagedArray<Element: Sendable>: Sendable {
    private var pages: [[Element]] = []
    package private(set) var count = 0

    package init() {}

    package subscript(index: Int) -> Element {
        get { pages[index / Self.pageSize][index % Self.pageSize] }
        _modify { yield &pages[index / Self.pageSize][index % Self.pageSize] }
    }

    package mutating func append(_ element: Element) {
        if count % Self.pageSize == 0 { pages.append([]) }
        pages[pages.count - 1].append(element)
        count += 1
    }

    /// Few enough that copying a page is nothing, enough that the list of pages stays short.
    private static var pageSize: Int { 64 }
}

extension PagedArray: Sequence {
    package func makeIterator() -> FlattenSequence<[[Element]]>.Iterator { pages.joined().makeIterator() }
}
