// SPDX-License-Identifier: Apache-2.0
// Who is asked about access, and what their answers come to.

import Results

/// Who is asked about access, one after the other, and what their answers come to.
///
/// A value, so that a check goes on where it was when an answer takes its time; whose chain it is about is
/// said with every call.
struct AccessChain: BitwiseCopyable, Sendable {
    private var place = 0
    private var list = 0
    private var last = ResultCode.pluginIgnore
    /// The last one of a list that has left the decision to others; -1 for none.
    private var deferring = -1
    private var isFileContent = false

    @inline(__always)
    init() {}

    /// Whether nobody has been asked.
    var isFirst: Bool { place == 0 && list == 0 }

    /// Who is asked next; nil when all have been.
    @inline(__always)
    func next(in chain: CallbackChain) -> Callback? {
        place < chain.all.count ? chain.all[place] : nil
    }

    /// Takes the answer of the one who was next; what it has decided, or nil if it has not.
    @inline(__always)
    mutating func take(_ code: CInt, in chain: CallbackChain) -> CInt? {
        let asked = place
        last = code
        switch code {
        case ResultCode.pluginDefer, ResultCode.pluginIgnore: place += 1
        case ResultCode.success where chain.all[asked].plugin.isBuiltIn:
            // A file that allows leaves the last word to plugins that have one.
            isFileContent = true
            place = chain.ends[list]
        default: return code
        }
        if place == chain.ends[list] {
            if last == ResultCode.pluginDefer { deferring = asked }
            list += 1
            last = ResultCode.pluginIgnore
        }
        return nil
    }

    /// Who has left to others what nobody has allowed, when all have been asked: access is denied then.
    func denier(in chain: CallbackChain) -> Callback? {
        isFileContent || deferring < 0 ? nil : chain.all[deferring]
    }
}
