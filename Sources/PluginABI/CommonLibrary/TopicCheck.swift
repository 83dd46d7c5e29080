// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_topic.h, first part: whether a topic or filter is well formed, and its levels.

import CMosquitto
import Glibc
import Results

private let lengthMax = 65_535
private let separatorsMax = 200
private let separator = UInt8(ascii: "/")
private let plus = UInt8(ascii: "+")
private let hash = UInt8(ascii: "#")

/// Checks a topic name.
@c(mosquitto_pub_topic_check) @implementation
public func mosquitto_pub_topic_check(_ topic: UnsafePointer<CChar>!) -> CInt {
    guard let topic: UnsafePointer<CChar> = topic else { return ResultCode.invalid }
    return mosquitto_pub_topic_check2(topic, strlen(topic))
}

/// Checks a topic name given with its length.
@c(mosquitto_pub_topic_check2) @implementation
public func mosquitto_pub_topic_check2(_ topic: UnsafePointer<CChar>!, _ topiclen: Int) -> CInt {
    guard let topic: UnsafePointer<CChar> = topic, topiclen > 0 else { return ResultCode.invalid }
    let bytes = UnsafeRawBufferPointer(start: topic, count: topiclen)
    return hasAllowedSize(bytes) && isTopicName(bytes) ? ResultCode.success : ResultCode.invalid
}

/// Checks a topic filter.
@c(mosquitto_sub_topic_check) @implementation
public func mosquitto_sub_topic_check(_ topic: UnsafePointer<CChar>!) -> CInt {
    guard let topic: UnsafePointer<CChar> = topic else { return ResultCode.invalid }
    return mosquitto_sub_topic_check2(topic, strlen(topic))
}

/// Checks a topic filter given with its length.
@c(mosquitto_sub_topic_check2) @implementation
public func mosquitto_sub_topic_check2(_ topic: UnsafePointer<CChar>!, _ topiclen: Int) -> CInt {
    guard let topic: UnsafePointer<CChar> = topic, topiclen > 0 else { return ResultCode.invalid }
    let bytes = UnsafeRawBufferPointer(start: topic, count: topiclen)
    return hasAllowedSize(bytes) && isTopicFilter(bytes) ? ResultCode.success : ResultCode.invalid
}

/// Splits a topic into strings, one for each level, NULL for an empty one.
@c(mosquitto_sub_topic_tokenise) @implementation
public func mosquitto_sub_topic_tokenise(
    _ subtopic: UnsafePointer<CChar>!,
    _ topics: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>!,
    _ count: UnsafeMutablePointer<CInt>!
) -> CInt {
    guard let subtopic: UnsafePointer<CChar> = subtopic,
        let topics: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?> =
            topics,
        let count: UnsafeMutablePointer<CInt> = count
    else { return ResultCode.invalid }
    let levels = bytes(of: subtopic).split(separator: separator, omittingEmptySubsequences: false)
    let stride = MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
    guard let block: UnsafeMutableRawPointer = mosquitto_calloc(levels.count, stride) else {
        return ResultCode.noMemory
    }
    let strings = block.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: levels.count)
    for (index, level) in levels.enumerated() where !level.isEmpty {
        let level = UnsafeRawBufferPointer(rebasing: level)
        strings[index] = level.baseAddress.flatMap { copyOfBytes($0, level.count) }
        if strings[index] == nil {
            var made: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = strings
            _ = mosquitto_sub_topic_tokens_free(&made, CInt(levels.count))
            return ResultCode.noMemory
        }
    }
    topics.pointee = strings
    count.pointee = CInt(levels.count)
    return ResultCode.success
}

/// Frees the strings of `mosquitto_sub_topic_tokenise`.
@c(mosquitto_sub_topic_tokens_free) @implementation
public func mosquitto_sub_topic_tokens_free(
    _ topics: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>!,
    _ count: CInt
) -> CInt {
    guard
        let topics: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?> =
            topics,
        let strings = topics.pointee, count >= 1
    else { return ResultCode.invalid }
    for index in 0..<Int(count) { mosquitto_free(strings[index]) }
    mosquitto_free(strings)
    topics.pointee = nil
    return ResultCode.success
}

// MARK: - Rules

/// Whether length and number of levels are within the limits.
private func hasAllowedSize(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count <= lengthMax && bytes.count(where: { $0 == separator }) <= separatorsMax
}

/// Whether bytes hold no wildcard [MQTT-3.3.2-2].
func isTopicName(_ bytes: UnsafeRawBufferPointer) -> Bool {
    !bytes.contains { $0 == plus || $0 == hash }
}

/// Whether each wildcard fills its level and `#` the last one [MQTT-4.7.1-1] [MQTT-4.7.1-2].
func isTopicFilter(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var levels = TopicLevels(bytes)
    while let level = levels.next() {
        let isWildcard = level.contains { $0 == plus || $0 == hash }
        if isWildcard && level.count != 1 { return false }
        if level.isHash && !levels.isAtEnd { return false }
    }
    return true
}

/// Hands out the levels of a topic one by one, without copying.
struct TopicLevels {
    private var rest: UnsafeRawBufferPointer
    /// Whether all levels have been handed out.
    private(set) var isAtEnd = false

    init(_ topic: UnsafeRawBufferPointer) {
        rest = topic
    }

    /// The next level, possibly empty; nil behind the last.
    mutating func next() -> UnsafeRawBufferPointer? {
        if isAtEnd { return nil }
        guard let end = rest.firstIndex(of: separator) else {
            isAtEnd = true
            return rest
        }
        let level = UnsafeRawBufferPointer(rebasing: rest[..<end])
        rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        return level
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes, a level, are the multi-level wildcard.
    var isHash: Bool { count == 1 && self[0] == hash }
    /// Whether these bytes, a level, are the single-level wildcard.
    var isPlus: Bool { count == 1 && self[0] == plus }
    /// Whether these bytes, a topic, begin with a dollar sign.
    var isDollarTopic: Bool { first == UInt8(ascii: "$") }
}
