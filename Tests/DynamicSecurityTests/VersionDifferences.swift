// SPDX-License-Identifier: Apache-2.0
// Where version 2.0 of the original answers otherwise than the interface of 2.1, which we follow.

/// The steps of the command scripts that version 2.0 cannot be compared in.
enum VersionDifferences {
    /// A part of the command or of our answer, and why 2.0 differs there.
    private static let known: [(part: String, reason: String)] = [
        ("getDetails", "2.0 has no such command"),
        (#"GETdetails"#, "2.0 has no such command"),
        (#"CREATErole"#, "2.0 does not echo the spelling of the request in errors"),
        ("100000", "2.0 does not limit priorities"),
        (#""error":"Empty "#, "2.0 accepts empty names"),
        ("'groups' contains", "2.0 passes over unknown groups and changes the client halfway"),
        (
            #""clientid":"c","roles":[{"rolename":"r1"}],"groups":[]"#,
            "2.0 has changed the client although the command failed"
        ),
        ("'clients' contains", "2.0 passes over unknown clients"),
        ("Invalid allowwildcardsubs", "2.0 has no such member"),
        (
            #""client":{"username":"u","roles":[],"groups":[]}"#,
            "2.0 refers to a deleted role by freed memory"
        ),
        (
            #""group":{"groupname":"g","clients":[],"roles":[]}"#,
            "2.0 refers to a deleted role by freed memory"
        ),
        (#""deleteGroup","groupname":"g""#, "2.0 crashes when the anonymous group is deleted"),
        (#""topic":"""#, "2.0 accepts empty topics"),
    ]

    /// Whether version 2.0 answers a step otherwise.
    static func isKnown(_ step: CommandStep) -> Bool {
        known.contains { step.command.contains($0.part) || step.answer.contains($0.part) }
    }
}
