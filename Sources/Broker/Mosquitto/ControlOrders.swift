// SPDX-License-Identifier: Apache-2.0
// What the control thread is asked to do through the control API.

import Config
import Core
import JSON
import Log
import Synchronization

/// Commands of the control API that the control thread carries out, in the order in which they came.
final class ControlOrders: Sendable {
    /// One of them.
    enum Order: Sendable {
        /// Read the configuration again, or only say what would come of it.
        case reload(ControlCall, isCheck: Bool)
        /// Log lines of these types for so many seconds; nil: as the configuration says.
        case setLogTypes(LogTypes?, seconds: Int, ControlCall)
    }

    /// How long other types of lines are logged, and where nothing is said.
    private static let secondsMax = 86_400
    private static let secondsDefault = 600

    private let waiting = Mutex<[Order]>([])
    private let signals: Signals

    /// Has the control API give orders, of which `signals` wakes the control thread.
    init(_ signals: Signals, _ broker: Broker) {
        self.signals = signals
        broker.control.add([
            ControlCommand("reload", isChange: true) { [self] call throws(ControlFailure) in
                add(.reload(call, isCheck: false))
            },
            ControlCommand("checkConfiguration") { [self] call throws(ControlFailure) in
                add(.reload(call, isCheck: true))
            },
            ControlCommand("setLogTypes", isChange: true) { [self] call throws(ControlFailure) in
                let words = try call.arguments.texts("types")
                let seconds = try call.arguments.integer("seconds", in: 1...Self.secondsMax)
                add(
                    .setLogTypes(
                        try words.map(Self.types),
                        seconds: seconds ?? Self.secondsDefault,
                        call
                    )
                )
            },
        ])
    }

    private static func types(_ words: [String]) throws(ControlFailure) -> LogTypes {
        var types: LogTypes = []
        for word in words where word != "none" {
            guard let type = LogTypes(word: word) else {
                throw ControlFailure(
                    "Invalid 'types': not one of \(LogTypes.allWords.sorted().joined(separator: ", "))"
                )
            }
            types.formUnion(type)
        }
        return types
    }

    private func add(_ order: Order) {
        waiting.withLock { $0.append(order) }
        signals.wake()
    }

    /// Takes all orders.
    func take() -> [Order] {
        waiting.withLock { orders in
            defer { orders = [] }
            return orders
        }
    }
}
