// SPDX-License-Identifier: Apache-2.0
// Who is asked about access, and what their answers come to.

import Results

/// Who is asked about access, one after the other, and what their answers come to.
///
/// A value, so that a check goes on where it was when an answer takes its time.
struct AccessChain: Sendable {
    private let lists: [[Callback]]
    private var list = 0
    private var place = 0
    private var last = ResultCode.pluginIgnore
    /// The last one of a list that has left the decision to others.
    private var deferring: Callback?
    private var isFileContent = false

    @inline(__always)
    init(_ chain: CallbackChain) { lists = chain.lists }

    /// Who is asked next; nil when all have been.
    @inline(__always)
    var next: Callback? { list < lists.count ? lists[list][place] : nil }

    /// Takes the answer of the one who was next; what it has decided, or nil if it has not.
    @inline(__always)
    mutating func take(_ code: CInt) -> CInt? {
        let callback = lists[list][place]
        last = code
        switch code {
        case ResultCode.pluginDefer, ResultCode.pluginIgnore: place += 1
        case ResultCode.success where callback.plugin.isBuiltIn:
            // A file that allows leaves the last word to plugins that have one.
            isFileContent = true
            place = lists[list].count
        default: return code
        }
        if place == lists[list].count {
            if last == ResultCode.pluginDefer { deferring = callback }
            list += 1
            place = 0
            last = ResultCode.pluginIgnore
        }
        return nil
    }

    /// Who has left to others what nobody has allowed, when all have been asked: access is denied then.
    var denier: Callback? { isFileContent ? nil : deferring }
}
