// SPDX-License-Identifier: Apache-2.0
// Measures the client library: processor time for a message, with tasks and on the caller's thread.
//
//   ClientBenchmark publish|enqueue|loop|receive|read|once PORT COUNT QOS
//
// publish: 20 tasks that wait for each message; enqueue: one task that waits for all; loop: no thread of its own;
// receive: on the caller's thread; read: a task; once: one message.

import Glibc
import MQTTClient

let words = CommandLine.arguments
guard words.count == 5, let port = UInt16(words[2]), let count = Int(words[3]),
    let qos = UInt8(words[4]), let level = MQTTQoS(rawValue: qos)
else {
    print("usage: ClientBenchmark publish|enqueue|loop|receive|read|once PORT COUNT QOS")
    exit(1)
}
let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 64)
let topic = "bench"
let configuration = MQTTConfiguration(.tcp(host: "127.0.0.1", port: port))

switch words[1] {
case "publish":
    let client = MQTTClient(configuration)
    try await client.connect()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
            group.addTask {
                for _ in 0..<(count / 20) {
                    try await client.publish(MQTTPayload(payload), to: topic, qos: level)
                }
            }
        }
        try await group.waitForAll()
    }
    await client.disconnect()
case "enqueue":
    let client = MQTTClient(configuration)
    try await client.connect()
    let message = MQTTMessage(topic: topic, payload: MQTTPayload(payload), qos: level)
    for _ in 0..<count { try await client.enqueue(message) }
    try await client.flush()
    await client.disconnect()
case "read":
    let client = MQTTClient(configuration)
    try await client.connect()
    let subscription = try await client.subscribe(to: topic, qos: level)
    print("ready")
    fflush(nil)
    var iterator = subscription.makeAsyncIterator()
    for _ in 0..<count { _ = try await iterator.next() }
    await client.disconnect()
case "loop": try LoopBenchmark(configuration).publish(count, payload, to: topic, qos)
case "receive": try LoopBenchmark(configuration).receive(count, from: topic, qos)
case "once": try LoopBenchmark(configuration).publish(1, payload, to: topic, qos)
default: exit(1)
}
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let user = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
let system = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
print("\(words[1]): \(user) s user, \(system) s system, \(usage.ru_maxrss / 1024) MB")
