// SPDX-License-Identifier: Apache-2.0
// What the HTTP API tells: version, listeners, figures.

import Config
import JSON
import MQTT
import Net
import Topics

extension Worker {
    /// The answer of an endpoint below `/api/`; nil when there is none of that name.
    func httpAnswer(to endpoint: String) -> HTTPAnswer? {
        switch endpoint {
        case "v1/version": .text(BrokerVersion.number)
        case "v1/listeners":
            HTTPAnswer(contentType: HTTPMediaType.json, body: .bytes(listenersText))
        case "v1/systree": HTTPAnswer(contentType: HTTPMediaType.json, body: .bytes(figuresText))
        default: nil
        }
    }

    /// The listeners in the order of the configuration.
    private var listenersText: [UInt8] {
        var writer = JSONWriter(formatted: true)
        writer.beginObject()
        writer.key("listeners")
        writer.beginArray()
        for listener in settings.listeners { Self.write(listener, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ listener: ListenerSettings, to writer: inout JSONWriter) {
        let configuration = listener.configuration
        writer.beginObject()
        if let path = configuration.unixSocketPath {
            writer.key("path")
            writer.string(text: path)
        } else {
            writer.key("port")
            writer.integer(Int(configuration.port))
        }
        writer.key("protocol")
        switch configuration.protocol {
        case .mqtt: writer.string("mqtt")
        case .websockets: writer.string("websockets")
        case .httpApi: writer.string("httpapi")
        }
        writer.key("tls")
        writer.boolean(listener.usesTLS)
        writer.key("mtls")
        writer.boolean(configuration.tls.requireCertificate)
        writer.key("allow_anonymous")
        writer.boolean(listener.allowsAnonymous)
        writer.endObject()
    }

    /// The figures of `$SYS` that have one name only, each with its first one, and the uptime.
    private var figuresText: [UInt8] {
        let secondNames: Set = ["clients/inactive", "clients/active", "store/messages/count"]
        var writer = JSONWriter(formatted: true)
        writer.beginObject()
        for metric in SysFigures(broker).metrics
        where !secondNames.contains(metric.topic) && !metric.topic.hasPrefix("mqtt/") {
            let value =
                metric.isMaximum
                ? max(metric.value, Int64(broker.publishedSysNumber(metric.topic) ?? 0))
                : metric.value
            writer.key(text: "$SYS/broker/\(metric.topic)")
            writer.integer(Int(value))
        }
        writer.key("$SYS/broker/uptime")
        writer.integer(Int((Clock.monotonicMilliseconds() - broker.startedAt) / 1000))
        writer.endObject()
        return writer.bytes
    }
}
