// SPDX-License-Identifier: Apache-2.0
// Where the units end that output is made of.

/// Tells where the counted units of a connection's output end.
///
/// The output of a connection is bytes; who writes it says how many units a stretch holds (control
/// packets), and nobody here knows what one looks like. Where each ends is asked only when it
/// matters: of the one stretch that a socket has taken in part, and of what is put into frames. So
/// writing costs one addition for any number of units. Keeping their ends instead would cost a store
/// for each of them, all but a few for nothing: nearly every write is taken as a whole.
package struct OutputUnits: Sendable {
    /// The length of the unit that the bytes begin with: more than 0, at most their count.
    ///
    /// The unit is complete in the bytes, or cut off behind what tells its length.
    let length: @Sendable (UnsafeRawBufferPointer) -> Int

    package init(length: @escaping @Sendable (UnsafeRawBufferPointer) -> Int) {
        self.length = length
    }
}
