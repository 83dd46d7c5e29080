// SPDX-License-Identifier: Apache-2.0
// Room for what few clients have.

/// Keeps a value that is seldom there out of the object that would have it: a pointer instead of its
/// size in each of many idle clients.
final class Box<Value> {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

extension Box: Sendable where Value: Sendable {}
