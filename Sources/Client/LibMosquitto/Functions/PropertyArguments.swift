// SPDX-License-Identifier: Apache-2.0
// Lists of properties that programs hand in.

import CBrokerShims
import CMosquitto
import CommonLibrary
import Glibc
import PropertyLists
import Results

/// The properties a program has handed in.
enum PropertyArguments {
    /// They are right; encoded and without their length.
    case encoded([UInt8])
    /// They are not; the code that says how.
    case wrong(CInt)

    /// Checks a list for a packet, `CMD_*`, and encodes it.
    ///
    /// Of a list that came from a server its first property alone counts: programs pass a property on that
    /// they have found in what they received.
    init(_ list: OpaquePointer?, for command: UInt32, isV5: Bool) {
        guard let node = propertyNode(list) else {
            self = .encoded([])
            return
        }
        guard isV5 else {
            self = .wrong(ResultCode.notSupported)
            return
        }
        let command = CInt(command)
        var bytes: [UInt8] = []
        if node.pointee.client_generated {
            let code = mosquitto_property_check_all(command, list)
            guard code == ResultCode.success else {
                self = .wrong(code)
                return
            }
            for node in PropertyList(list) { PropertyLists.append(node, to: &bytes) }
        } else {
            let code = mosquitto_property_check_command(command, node.pointee.identifier)
            guard code == ResultCode.success else {
                self = .wrong(code)
                return
            }
            PropertyLists.append(node, to: &bytes)
        }
        self = .encoded(bytes)
    }
}
