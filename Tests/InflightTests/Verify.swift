// SPDX-License-Identifier: Apache-2.0
// Expectations about values that cannot be copied.

import Testing

/// `#expect` for conditions about values that cannot be copied.
func verify(
    _ condition: Bool,
    _ text: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    if !condition { Issue.record(Comment(rawValue: text()), sourceLocation: sourceLocation) }
}
