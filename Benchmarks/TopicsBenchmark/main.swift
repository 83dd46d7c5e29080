// SPDX-License-Identifier: Apache-2.0
// Measures the topic index and the retained store: time per match, bytes per entry.

import Glibc
import Topics

/// Bytes of memory this process occupies.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let text = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * Int(sysconf(CInt(_SC_PAGESIZE)))
}

/// Nanoseconds of a clock that never goes back.
func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Two digits after the point, without a formatter.
func show(_ name: String, _ value: Double, _ unit: String) {
    print("\(name): \((value * 100).rounded() / 100) \(unit)")
}

/// A stored object that costs nothing.
final class Nothing: Sendable {}

/// Filters: half exact, the others with `+` last, `+` inside, first and `#` last.
func filter(_ number: Int) -> String {
    let site = number % 317
    let device = number / 3
    switch number % 8 {
    case 0: return "site/\(site)/device/\(device)/+"
    case 1: return "site/\(site)/+/\(device)/temperature"
    case 2: return "+/\(site)/device/\(device)/humidity"
    case 3: return "site/\(site)/device/\(device)/#"
    default: return "site/\(site)/device/\(device)/value-\(number % 11)"
    }
}

func benchmarkIndex(_ count: Int) {
    let index = SubscriptionIndex()
    let filters = (0..<count).map { Array(filter($0).utf8) }
    var topics: [[UInt8]] = []
    for _ in 0..<200_000 {
        let text = filter(Int.random(in: 0..<count))
        let levels = text.split(separator: "/").enumerated().map { index, level in
            level == "#" || level == "+" ? (index == 0 ? "site" : "device") : String(level)
        }
        topics.append(Array(levels.joined(separator: "/").utf8))
    }
    let before = residentBytes()
    var start = now()
    for number in 0..<count {
        let text = filters[number]
        index.subscribe(
            filter: text.span.bytes,
            destination: Destination(
                session: SessionHandle(rawValue: UInt64(number % 1000)),
                options: SubscriptionOptions(rawValue: 1)
            )
        )
    }
    show("subscribe", Double(now() - start) / Double(count), "ns each")
    show("index memory", Double(residentBytes() - before) / Double(count), "bytes per subscription")
    var result = MatchResult()
    var hits = 0
    var best = Int.max
    // The best of many rounds says least about what else the machine is doing.
    for _ in 0..<20 {
        hits = 0
        start = now()
        for topic in topics {
            index.match(topic: topic.span.bytes, into: &result)
            hits += result.destinations.count
        }
        best = min(best, now() - start)
    }
    show("match", Double(best) / Double(topics.count), "ns each")
    show("hits", Double(hits) / Double(topics.count), "per topic")
    best = Int.max
    for topic in topics.prefix(100) {
        start = now()
        for _ in 0..<200 { index.match(topic: topic.span.bytes, into: &result) }
        best = min(best, now() - start)
    }
    show("match, same topic", Double(best) / 200, "ns each")
    start = now()
    for number in 0..<count {
        let text = filters[number]
        index.unsubscribe(
            filter: text.span.bytes,
            session: SessionHandle(rawValue: UInt64(number % 1000))
        )
    }
    show("unsubscribe", Double(now() - start) / Double(count), "ns each")
}

func benchmarkRetained(_ count: Int) {
    let store = RetainedStore()
    let value = Nothing()
    let topics = (0..<count).map { Array("site/\($0 % 317)/device/\($0)".utf8) }
    let before = residentBytes()
    var start = now()
    for topic in topics { store.set(topic: topic.span.bytes, value: value) }
    show("retained set", Double(now() - start) / Double(count), "ns each")
    show("retained memory", Double(residentBytes() - before) / Double(count), "bytes per topic")
    start = now()
    for topic in topics { _ = store.value(topic: topic.span.bytes) }
    show("retained look-up", Double(now() - start) / Double(count), "ns each")
    start = now()
    let multi = Array("#".utf8)
    let cursor = store.cursor(filter: multi.span.bytes)
    var found: [AnyObject] = []
    found.reserveCapacity(count)
    var longest = 0
    var isFinished = false
    while !isFinished {
        let pieceStart = now()
        isFinished = store.next(cursor, limit: 100, into: &found)
        longest = max(longest, now() - pieceStart)
    }
    show("retained walk", Double(now() - start) / Double(found.count), "ns per value")
    show("longest piece of 100", Double(longest) / 1000, "microseconds")
}

/// The topic hash by itself.
func benchmarkHash() {
    let topic = Array("site/123/device/45678/temperature".utf8)
    var sum: UInt64 = 0
    let start = now()
    for _ in 0..<10_000_000 { sum &+= TopicHash.hash(topic.span.bytes) }
    show("hash of \(topic.count) bytes", Double(now() - start) / 10_000_000, "ns (\(sum & 1))")
}

let arguments = CommandLine.arguments.dropFirst()
let count = arguments.compactMap { Int($0) }.first ?? 100_000
benchmarkHash()
// Each by itself when memory counts: what one has freed, the next one gets.
if !arguments.contains("retained") { benchmarkIndex(count) }
if !arguments.contains("index") { benchmarkRetained(count) }
