// SPDX-License-Identifier: Apache-2.0
// A question that a plugin in a process of its own has been asked and has not answered.

import Core
import Isolation

/// A question that a plugin in a process of its own has been asked and has not answered.
struct Asked: Sendable {
    /// What goes on with the answer.
    enum Continuation: Sendable {
        /// A question of the core.
        case enquiry(Enquiry)
        /// A login.
        case login(BasicAuthentication)
        /// A step of an exchange.
        case exchange(ExtendedAuthentication)
        /// Whether somebody may come in who has proven who he is.
        case confirmation(Confirmation)
        /// Something else, on any thread.
        case job(@Sendable (Answer) -> Void)
        /// Nothing.
        case none
    }

    let callback: Callback
    let question: PluginQuestion
    let continuation: Continuation
    /// Its number at its plugin; 0 before it is asked.
    var serial: UInt64 = 0
    /// Processes that have ended while they were about to answer it.
    var deathCount = 0

    init(_ callback: Callback, _ question: PluginQuestion, _ continuation: Continuation) {
        self.callback = callback
        self.question = question
        self.continuation = continuation
    }
}

/// What a helper has written, or what is said in its place.
enum HelperItem: Sendable {
    /// A question is answered.
    case answered(Asked, Answer)
    /// A question is answered by what the plugin counts as.
    case failed(Asked, Answer)
    /// The plugin has given a client, if it is still there, another user name.
    case named(ClientIdentity?, String?)
    /// The plugin tells something.
    case told(Told)
    /// The plugin is set up, or cannot be.
    case ready(code: Int32, lines: [String])
    /// The plugin waits for a reply.
    case request(Request)
}
