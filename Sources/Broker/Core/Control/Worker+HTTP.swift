// SPDX-License-Identifier: Apache-2.0
// What the HTTP API tells: version, listeners, figures.

import Config
import MQTT
import Net
import Topics

extension Worker {
    /// The answer of an endpoint below `/api/`; nil when there is none of that name.
    func httpAnswer(to endpoint: String) -> HTTPAnswer? {
        let text: String
        switch endpoint {
        case "v1/version": text = BrokerVersion.number
        case "v1/listeners": text = listenersText
        case "v1/systree": text = figuresText
        default: return nil
        }
        var answer = HTTPAnswer.text(text)
        answer.fields = ["Access-Control-Allow-Origin: *"]
        return answer
    }

    /// The listeners in the order of the configuration, in the style of cJSON.
    private var listenersText: String {
        let items = settings.listeners.map { listener in
            let configuration = listener.configuration
            let place =
                configuration.unixSocketPath.map { "\"path\":\t\(Self.quoted($0))" }
                ?? "\"port\":\t\(configuration.port)"
            let name =
                switch configuration.protocol {
                case .mqtt: "mqtt"
                case .websockets: "websockets"
                case .httpApi: "httpapi"
                }
            let lines = [
                place, "\"protocol\":\t\"\(name)\"", "\"tls\":\t\(listener.usesTLS)",
                "\"mtls\":\t\(configuration.tls.requireCertificate)",
                "\"allow_anonymous\":\t\(listener.allowsAnonymous)",
            ]
            return "{\n\t\t\t" + lines.joined(separator: ",\n\t\t\t") + "\n\t\t}"
        }
        return "{\n\t\"listeners\":\t[" + items.joined(separator: ", ") + "]\n}"
    }

    /// The figures of `$SYS` that have one name only, each with its first one, and the uptime.
    private var figuresText: String {
        let secondNames: Set = ["clients/inactive", "clients/active", "store/messages/count"]
        var lines: [String] = []
        for metric in SysFigures(broker).metrics
        where !secondNames.contains(metric.topic) && !metric.topic.hasPrefix("mqtt/") {
            let value = metric.isMaximum ? max(metric.value, published(metric.topic)) : metric.value
            lines.append("\"$SYS/broker/\(metric.topic)\":\t\(value)")
        }
        let uptime = (Clock.monotonicMilliseconds() - broker.startedAt) / 1000
        lines.append("\"$SYS/broker/uptime\":\t\(uptime)")
        return "{\n\t" + lines.joined(separator: ",\n\t") + "\n}"
    }

    /// The number a `$SYS` topic had in the last round; 0 for none.
    private func published(_ topic: String) -> Int64 {
        let bytes = Array("$SYS/broker/\(topic)".utf8)
        guard
            let value = bytes.withUnsafeBytes({
                broker.retained.value(topic: RawSpan(_unsafeBytes: $0))
            })
        else { return 0 }
        return Message(value).withPublication {
            Int64(String(decoding: $0.payload, as: UTF8.self)) ?? 0
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": result += "\\" + String(character)
            case _ where character.value < 32:
                let digits = String(character.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
