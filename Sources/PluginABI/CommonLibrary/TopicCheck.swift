// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_topic.h, first part: whether a topic or filter is well formed, and its levels.

import CMosquitto
import Glibc
import Results
import TopicRules

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
    return TopicRules.isName(Span(_bytes: bytes.bytes)) ? ResultCode.success : ResultCode.invalid
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
    return TopicRules.isFilter(Span(_bytes: bytes.bytes)) ? ResultCode.success : ResultCode.invalid
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
    let levels = bytes(of: subtopic).split(separator: .slash, omittingEmptySubsequences: false)
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
