// SPDX-License-Identifier: Apache-2.0
// The result codes of the plugin interface, in words.

extension ResultCode {
    /// The words for a number, as the original's functions and programs print them.
    ///
    /// `systemError` is an unknown error here: its words are those of `errno`.
    package static func text(of code: CInt) -> StaticString {
        switch code {
        case quotaExceeded: "Quota exceeded"
        case authDelayed: "Authentication delayed"
        case authContinue: "Continue with authentication"
        case noSubscribers: "No subscribers"
        case subscriptionExists: "Subscription already exists"
        case connectionPending: "Connection pending"
        case success: "No error"
        case noMemory: "Out of memory"
        case protocolError: "A network protocol error occurred when communicating with the broker"
        case invalid: "Invalid input"
        case notConnected: "The client is not currently connected"
        case connectionRefused: "The connection was refused"
        case notFound: "Message not found (internal error)"
        case connectionLost: "The connection was lost"
        case tls: "A TLS error occurred"
        case payloadSize: "Payload too large"
        case notSupported: "This feature is not supported"
        case notAuthorized: "Authorisation failed"
        case accessDenied: "Access denied by ACL"
        case unknown: "Unknown error"
        case nameResolution: "Lookup error"
        case proxy: "Proxy error"
        case pluginDefer: "Plugin deferring result"
        case malformedUTF8: "Malformed UTF-8"
        case keepAlive: "Keepalive exceeded"
        case lookup: "DNS Lookup failed"
        case malformedPacket: "Malformed packet"
        case duplicateProperty: "Duplicate property in property list"
        case tlsHandshake: "TLS handshake failed"
        case qosNotSupported: "Requested QoS not supported on server"
        case oversizePacket: "Packet larger than supported by the server"
        case ocsp: "OCSP error"
        case timeout: "Timeout"
        case alreadyExists: "Entry already exists"
        case pluginIgnore: "Ignore plugin"
        case badHTTPOrigin: "Bad http origin"
        case ..<128: "Unknown error"
        default: reasonText(of: code)
        }
    }

    /// The words for the values that equal a reason code; some differ from the reason's own, the
    /// misspelt ones on purpose: log parsers compare them.
    private static func reasonText(of code: CInt) -> StaticString {
        switch code {
        case implementationSpecific: "Implementaion specific error"
        case clientIdentifierNotValid: "Client identifier not valid"
        case badUserNameOrPassword: "Bad username or password"
        case receiveMaximumExceeded: "Receive maximum exceeded"
        case topicAliasInvalid: "Topic alias invalid"
        case administrativeAction: "Administrative action"
        default: ReasonText.text(of: code)
        }
    }
}
