// SPDX-License-Identifier: Apache-2.0
// Measures dynamic security with 50,000 clients that have a role each.
//
//     DynamicSecurityBenchmark                        the engine in this process
//     DynamicSecurityBenchmark BROKER PLUGIN [COUNT]  a broker executable with a plugin library

import Foundation

let arguments = CommandLine.arguments
let directory = NSTemporaryDirectory() + "dynsec-benchmark-" + UUID().uuidString
try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: directory) }
if arguments.count == 4, arguments[1] == "populate", let count = Int(arguments[2]) {
    try Population.write(count, to: arguments[3])
} else if arguments.count > 2 {
    let count = arguments.count > 3 ? Int(arguments[3]) ?? 50_000 : 50_000
    print("fdatasync of 400 bytes on this disk: \(diskLatencies(directory).text)")
    try BrokerBenchmark.run(
        arguments[1],
        plugin: arguments[2],
        clients: count,
        directory: directory
    )
} else {
    print("fdatasync of 400 bytes on this disk: \(diskLatencies(directory).text)")
    try EngineBenchmark.run(clients: 50_000, directory: directory)
}
