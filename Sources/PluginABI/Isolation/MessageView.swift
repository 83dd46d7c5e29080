// SPDX-License-Identifier: Apache-2.0
// A message where it lies in a record.

/// A message where it lies, with a NUL byte behind topic and payload.
package struct MessageView {
    package var topic: UnsafeRawBufferPointer
    package var payload: UnsafeRawBufferPointer
    /// The properties as in a PUBLISH.
    package var properties: UnsafeRawBufferPointer
    package var qos: UInt8
    package var isRetained: Bool

    package init(
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool
    ) {
        self.topic = topic
        self.payload = payload
        self.properties = properties
        self.qos = qos
        self.isRetained = isRetained
    }

    func encode(into record: inout RecordWriter) {
        record.put(qos)
        record.put(isRetained)
        record.put(topic)
        record.put(payload)
        record.put(properties)
    }

    init(_ record: inout RecordReader) throws(Nonsense) {
        qos = try record.integer()
        isRetained = try record.flag()
        topic = try record.view()
        payload = try record.view()
        properties = try record.view()
    }
}
