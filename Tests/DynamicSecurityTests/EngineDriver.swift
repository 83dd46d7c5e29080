// SPDX-License-Identifier: Apache-2.0
// Driving an engine from several threads at once.

import DynamicSecurity

/// What a test thread may hold of an engine.
struct EngineDriver: Sendable {
    private let engine: Engine

    init(_ engine: Engine) { self.engine = engine }

    /// Sends one command, given as the members of its object.
    func run(_ command: String) -> String {
        let requester = Requester(clientID: "cid", username: "admin", address: nil)
        return Array(#"{"commands":[{\#(command)}]}"#.utf8).withUnsafeBufferPointer {
            String(decoding: engine.control($0, from: requester), as: UTF8.self)
        }
    }

    /// The decision about an access.
    static func check(
        _ directory: AccessDirectory,
        _ access: Access,
        _ topic: String,
        user: String
    ) -> Decision {
        Array(topic.utf8).withUnsafeBufferPointer { topic in
            Array(user.utf8).withUnsafeBufferPointer { name in
                directory.check(
                    access,
                    to: topic,
                    by: Subject(clientID: name, username: name),
                    isAnonymous: false
                )
            }
        }
    }
}
