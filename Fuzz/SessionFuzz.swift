// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as what clients, plugins, time and chance do to the core.

import Core
import Glibc

/// The first byte says how: even, the rest decides each step; odd, the rest is the seed of a long
/// course of events.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let rest = UnsafeBufferPointer(start: start + 1, count: count - 1)
    let isSeed = start[0] & 1 == 1
    let seed = rest.reduce(UInt64(14_695_981_039_346_656_037)) {
        ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    let dice = isSeed ? Dice(seed: seed) : Dice(bytes: rest)
    do {
        let complaints = try SessionScript(dice).run(steps: isSeed ? 1000 : .max)
        for complaint in complaints { print(complaint) }
        fflush(nil)
        precondition(complaints.isEmpty, "what must hold does not: see above, SESSION_SEED=\(seed)")
    } catch {
        preconditionFailure("no socket pair: \(error)")
    }
    return 0
}
