// SPDX-License-Identifier: Apache-2.0
// Comparing secrets without telling how much of them was right.

/// Compares secrets in a time that depends on their length alone.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
