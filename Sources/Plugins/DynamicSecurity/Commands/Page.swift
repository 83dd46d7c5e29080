// SPDX-License-Identifier: Apache-2.0
// A part of a list, and the answer that has it.

import JSON

/// A part of a list, as `count` and `offset` ask for it.
struct Page {
    private let offset: Int
    /// What is left of the asked-for number; the log shows it.
    private(set) var count: Int
    /// Whether whole objects are wanted.
    let isVerbose: Bool

    init(_ request: CommandRequest) {
        offset = request.integer("offset") ?? 0
        count = request.integer("count") ?? -1
        isVerbose = request.boolean("verbose") ?? false
    }

    /// The names of the page.
    ///
    /// A count of 0 gives one name, as it always did.
    mutating func take(from names: [ByteString]) -> ArraySlice<ByteString> {
        let rest = names.dropFirst(max(0, offset))
        guard count >= 0 else { return rest }
        let taken = rest.prefix(max(1, count))
        count -= taken.count
        return taken
    }

    /// The answer that lists the names of the page or, when whole objects are wanted, those.
    func answer<Object>(
        _ key: StaticString,
        total: Int,
        _ names: ArraySlice<ByteString>,
        _ objects: [Object],
        describe: (inout JSONWriter, Object) -> Void
    ) -> CommandResult {
        .reading(details: details) { writer in
            writer.key("totalCount")
            writer.integer(total)
            writer.key(key)
            writer.beginArray()
            if isVerbose {
                for object in objects { describe(&writer, object) }
            } else {
                for name in names { writer.string(name) }
            }
            writer.endArray()
        }
    }

    /// What the log says about the page.
    var details: String { "verbose=\(isVerbose) | count=\(count) | offset=\(offset)" }
}
