// SPDX-License-Identifier: Apache-2.0
// A topic filter that a walk over retained messages keeps.

/// A filter that outlives the packet it came in.
///
/// Invariant: `levels` point into `bytes`, both allocated here and unchanged until `deinit`.
@safe
struct UnsafeRetainedFilter: ~Copyable {
    private let bytes: UnsafeMutableRawBufferPointer
    /// The levels without a trailing `#`.
    private let levels: UnsafeMutableBufferPointer<UnsafeLevelKey>
    /// The filter ends with `#`.
    let isMulti: Bool
    /// Any level is `+` or `#`.
    let hasWildcard: Bool
    /// Topics beginning with `$` match a wildcard in the first level as well.
    let includesDollarTopics: Bool

    /// Copies a filter.
    init(_ filter: RawSpan) {
        includesDollarTopics = false
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: filter.byteCount,
            alignment: 1
        )
        unsafe filter.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
        unsafe bytes = copy
        var isMulti = false
        var hasWildcard = false
        let copied = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(copy))
        unsafe levels = UnsafeLevels.withLevels(of: copied) { keys in
            isMulti = unsafe keys.last.map { unsafe $0.isHash } ?? false
            let kept = unsafe keys[..<(keys.count - (isMulti ? 1 : 0))]
            hasWildcard = unsafe isMulti || kept.contains { unsafe $0.isPlus }
            let block = unsafe UnsafeMutableBufferPointer<UnsafeLevelKey>.allocate(
                capacity: kept.count
            )
            _ = unsafe block.initialize(fromContentsOf: kept)
            return unsafe block
        }
        self.isMulti = isMulti
        self.hasWildcard = hasWildcard
    }

    /// The filter that all topics match, `$` topics as well.
    init() {
        unsafe bytes = .allocate(byteCount: 0, alignment: 1)
        unsafe levels = .allocate(capacity: 0)
        isMulti = true
        hasWildcard = true
        includesDollarTopics = true
    }

    deinit {
        unsafe levels.deallocate()
        unsafe bytes.deallocate()
    }

    /// How many levels there are before a trailing `#`.
    var depth: Int { unsafe levels.count }

    /// The level at an index; only to be used while the filter lives.
    @unsafe
    subscript(level: Int) -> UnsafeLevelKey {
        assert(unsafe levels.indices.contains(level), "a level before the trailing `#`")
        return unsafe levels[level]
    }

    /// Calls `body` with the whole filter.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
    }
}
