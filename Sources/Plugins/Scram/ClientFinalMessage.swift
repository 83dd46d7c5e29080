// SPDX-License-Identifier: Apache-2.0
// The last message of a SCRAM client.

import Encoding
import PluginSDK

/// The message `client-final-message`, which is `c=<binding>,r=<nonce>[,extensions],p=<proof>`.
struct ClientFinalMessage: Equatable {
    let channelBinding: [UInt8]
    let nonce: [UInt8]
    let proof: [UInt8]
    let withoutProof: [UInt8]

    /// Parses the message; the proof has a known length.
    init(parsing message: [UInt8], proofLength: Int) throws(ScramError) {
        let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard !message.contains(0), fields.count >= 3, let last = fields.last,
            case (UInt8(ascii: "c"), let binding)? = attribute(fields[0]),
            case (UInt8(ascii: "r"), let nonce)? = attribute(fields[1]),
            case (UInt8(ascii: "p"), let proof)? = attribute(last)
        else { throw .invalidEncoding }
        try checkExtensions(fields[2..<(fields.count - 1)])
        guard let proofBytes = Base64.decode(proof), proofBytes.count == proofLength,
            let channelBinding = Base64.decode(binding)
        else { throw .invalidEncoding }
        self.channelBinding = channelBinding
        self.nonce = Array(nonce)
        self.proof = proofBytes
        withoutProof = Array(message[..<(last.startIndex - 1)])
    }
}
