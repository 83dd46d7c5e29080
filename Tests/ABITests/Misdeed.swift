// SPDX-License-Identifier: Apache-2.0
// What a plugin may do to its process.

/// What a plugin does that no plugin should.
struct Misdeed: Sendable, CustomStringConvertible {
    /// What becomes of the process.
    enum Consequence: Sendable {
        /// It ends.
        case ends
        /// It does not come back from the callback, and is ended.
        case hangs
        /// Nobody can say: what it tells the broker is spoilt, or how it tells it.
        case spoils
        /// Nothing.
        case none
        /// It has more memory than it may have, answers, and is replaced.
        case retires
    }

    /// What `host_misbehave.c` calls it.
    let name: String
    let consequence: Consequence

    var description: String { name }

    private static func named(_ names: String, _ consequence: Consequence) -> [Misdeed] {
        names.split(separator: " ").map { Misdeed(name: String($0), consequence: consequence) }
    }

    static let ending = named("null abort exit _exit stack thread kill exec eat", .ends)
    static let hanging = named("pause loop stop", .hangs)
    static let spoiling = named("scribble random spoil close", .spoils)
    static let harmless = named("fork forkreturn system terms chatter", .none)
    static let leak = Misdeed(name: "leak", consequence: .retires)

    static let all = ending + hanging + spoiling + harmless + [leak]
    /// One of each kind, for every day.
    static let few = all.filter {
        ["null", "exit", "pause", "scribble", "forkreturn", "leak"].contains($0.name)
    }
}
