// SPDX-License-Identifier: Apache-2.0
// The properties of a PUBLISH that subscribers get.

/// Walks the parts of encoded properties that are passed on with a message.
package struct ForwardedRuns: ~Escapable {
    private var iterator: PropertyIterator
    private var rest: Range<Int>?
    private var left: Int

    /// Walks the parts of the properties in a range; they have `byteCount` bytes in all.
    @_lifetime(copy body)
    package init(in body: RawSpan, properties: Range<Int>, byteCount: Int) {
        iterator = PropertyIterator(body, range: properties)
        left = byteCount
        // Everything is passed on, or nothing: no need to look at the properties again.
        rest = byteCount == properties.count && byteCount > 0 ? properties : nil
        if rest != nil { left = 0 }
    }

    /// The next part, nil after the last.
    @_lifetime(self: copy self)
    package mutating func next() -> Range<Int>? {
        if let run = rest {
            rest = nil
            return run
        }
        var run: Range<Int>?
        while left > 0, let property = iterator.next() {
            if property.identifier.isForwarded {
                left &-= property.encoded.count
                run = (run?.lowerBound ?? property.encoded.lowerBound)..<property.encoded.upperBound
            } else if run != nil {
                break
            }
        }
        return run
    }
}
