// SPDX-License-Identifier: Apache-2.0
// What a recorder touches for each message.

import Persist

/// The members of a `Recorder` that each message touches; what they are is said there.
///
/// They are behind a pointer: each access to members of an object that are changed in place is checked
/// while the broker runs, which cost more than the records. The lists are kept for their memory.
struct RecorderFields: ~Copyable {
    var buffer: RecordBuffer
    var pending = UnsafeDestinationList()
    var standIns: [SessionNumber] = []
    var standInPlace = 0
    var retainedVersions: [UInt64] = []

    init(reactor: UInt8) { buffer = RecordBuffer(reactor: reactor) }
}
