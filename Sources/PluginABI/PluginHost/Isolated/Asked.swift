// SPDX-License-Identifier: Apache-2.0
// A question that a plugin in a process of its own has been asked and has not answered.

import Core
import Isolation

/// A question that a plugin in a process of its own has been asked and has not answered.
///
/// There is one for each message, so it is small: what is asked about access is found in the enquiry.
struct Asked: Sendable {
    /// What goes on with the answer.
    enum Continuation: Sendable {
        /// A question of the core, on one of its walks.
        case enquiry(Enquiry, walk: Int)
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

    /// What is asked, and what goes on with the answer.
    final class Whole: Sendable {
        let question: PluginQuestion
        let continuation: Continuation

        init(_ question: PluginQuestion, _ continuation: Continuation) {
            self.question = question
            self.continuation = continuation
        }
    }

    /// Whom it was put to.
    let callback: CallbackReference
    /// Access is asked about, on a walk of this enquiry, to an item of its question.
    private let enquiry: Enquiry?
    private let walk: Int32
    private let item: Int32
    /// Anything else is asked.
    private let whole: Whole?
    /// Its number at its plugin; 0 before it is asked.
    var serial: UInt64 = 0
    /// The ring of the answer.
    var ring: UInt16 = 0
    /// Processes that have ended while they were about to answer it.
    var deathCount: UInt8 = 0
    /// Whether the answer says nothing but that everything before was answered.
    let isMarker: Bool
    /// Whether a password is asked about.
    let isSecret: Bool

    init(_ callback: Callback, _ question: PluginQuestion, _ continuation: Continuation) {
        self.callback = CallbackReference(callback)
        enquiry = nil
        (walk, item) = (0, 0)
        whole = Whole(question, continuation)
        isMarker = if case .marker = question { true } else { false }
        switch question {
        case .login, .exchange: isSecret = true
        default: isSecret = false
        }
    }

    /// Asks about access to an item.
    @inline(__always)
    init(_ callback: Callback, access enquiry: Enquiry, walk: Int, item: Int) {
        self.callback = CallbackReference(callback)
        ring = UInt16(truncatingIfNeeded: enquiry.questionID.worker)
        self.enquiry = enquiry
        self.walk = Int32(walk)
        self.item = Int32(item)
        whole = nil
        isMarker = false
        isSecret = false
    }

    private var thing: Whole {
        guard let whole else { preconditionFailure("what is not about access is here") }
        return whole
    }

    /// What is asked.
    var question: PluginQuestion {
        guard let enquiry else { return thing.question }
        return Enquiry.accessQuestion(enquiry.question, item: Int(item))
    }

    /// The walk that access is asked about on; nil for all other questions.
    @inline(__always) var access: (enquiry: Enquiry, walk: Int)? {
        enquiry.map { ($0, Int(walk)) }
    }

    /// What goes on with the answer.
    var continuation: Continuation {
        guard let enquiry else { return thing.continuation }
        return .enquiry(enquiry, walk: Int(walk))
    }

    /// The client it is about.
    var client: ClientIdentity? {
        guard let enquiry else { return thing.question.client }
        return enquiry.question.client
    }

    /// The client it is about, which lives as long as this.
    @inline(__always) var clientReference: Unmanaged<ClientIdentity>? {
        guard let enquiry else { return thing.question.client.map(Unmanaged.passUnretained) }
        return enquiry.client
    }

    /// Writes the record that asks it.
    @inline(__always)
    func encode(_ head: QuestionHead, into record: inout RecordWriter) {
        if let enquiry {
            enquiry.encodeAccess(item: Int(item), head, into: &record)
        } else {
            thing.question.encode(head, into: &record)
        }
    }
}

/// What a helper has written, or what is said in its place.
enum HelperItem: Sendable {
    /// A question is answered, with nothing but a code.
    case plain(Asked, PlainAnswer)
    /// A question is answered.
    indirect case answered(Asked, Answer)
    /// A question is answered by what the plugin counts as.
    indirect case failed(Asked, Answer)
    /// The plugin has given a client another user name; the client, if a question about it is the next to
    /// be answered.
    indirect case named(ClientIdentity?, number: UInt64, String?)
    /// The plugin tells something.
    indirect case told(Told)
    /// The plugin is set up, or cannot be.
    indirect case ready(code: Int32, lines: [String])
    /// The plugin waits for a reply.
    indirect case request(Request)
}
