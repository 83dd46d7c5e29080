// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
// The one package: broker, plugin interface, plugins, tools and their tests.

import PackageDescription

/// Settings every Swift target shares: Swift 6 mode, strict imports, warnings are errors.
let common: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Modules that read bytes from peers prove their memory safety to the compiler as well.
let strict: [SwiftSetting] =
    common + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]

let cFlags: [CSetting] = [
    .treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra"),
]

func module(
    _ name: String,
    in folder: String,
    uses dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = common
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "\(folder)/\(name)",
        swiftSettings: settings
    )
}

/// A plugin exports its entry points and nothing else, so that two of them in one process never share a symbol.
///
/// The tests link several into one program, where the entry points meet: there the first one stands.
func plugin(
    _ name: String,
    uses dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = common
) -> Target {
    .target(
        name: name,
        dependencies: ["PluginSDK"] + dependencies,
        path: "Sources/Plugins/\(name)",
        swiftSettings: settings,
        linkerSettings: [
            .unsafeFlags([
                "-Xlinker", "--version-script=\(Context.packageDirectory)/plugin.syms",
                "-Xlinker", "-z", "-Xlinker", "muldefs",
            ])
        ]
    )
}

/// Installed programs find the Swift runtime beside the plugins, wherever the tree was put.
let installedRuntime = LinkerSetting.unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/../lib/mosquitto"])

/// Programs that are installed without the broker bring the Swift runtime along: that also starts them faster.
let ownRuntime = LinkerSetting.unsafeFlags(["-static-stdlib"])

func tests(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        path: "Tests/\(name)",
        swiftSettings: common
    )
}

let package = Package(
    name: "mosquitto",
    products: [
        .executable(name: "mosquitto", targets: ["mosquitto"]),
        .executable(name: "mosquitto_ctrl", targets: ["mosquitto_ctrl"]),
        .executable(name: "mosquitto_passwd", targets: ["mosquitto_passwd"]),
        .executable(name: "mosquitto_signal", targets: ["mosquitto_signal"]),
        .executable(name: "mosquitto_db_dump", targets: ["mosquitto_db_dump"]),
        .executable(name: "mosquitto_pub", targets: ["mosquitto_pub"]),
        .executable(name: "mosquitto_sub", targets: ["mosquitto_sub"]),
        .executable(name: "mosquitto_rr", targets: ["mosquitto_rr"]),
        .library(name: "MQTTClient", targets: ["MQTTClient"]),
        .library(name: "PluginSDK", targets: ["PluginSDK"]),
        .library(
            name: "mosquitto_common",
            type: .dynamic,
            targets: ["CommonLibrary", "CommonPasswords", "CommonJSON", "CommonLibraryFile"]
        ),
        .library(name: "mosquitto-client", type: .dynamic, targets: ["LibMosquitto"]),
        .library(name: "mosquitto_password_file", type: .dynamic, targets: ["PasswordFile"]),
        .library(name: "mosquitto_acl_file", type: .dynamic, targets: ["ACLFile"]),
        .library(name: "mosquitto_dynamic_security", type: .dynamic, targets: ["DynamicSecurity"]),
        .library(name: "mosquitto_scram", type: .dynamic, targets: ["Scram"]),
        .library(name: "mosquitto_sparkplug_aware", type: .dynamic, targets: ["SparkplugAware"]),
        .library(name: "mosquitto_persist_sqlite", type: .dynamic, targets: ["PersistSQLite"]),
    ],
    targets: [
        // The public C ABI: headers only.
        .target(name: "CMosquitto", path: "include", publicHeadersPath: "."),

        // System libraries: no logic.
        .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
        .systemLibrary(
            name: "COpenSSL",
            path: "Sources/System/COpenSSL",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CcJSON",
            path: "Sources/System/CcJSON",
            providers: [.apt(["libcjson-dev"])]
        ),
        .systemLibrary(
            name: "CFFI",
            path: "Sources/System/CFFI",
            providers: [.apt(["libffi-dev"])]
        ),
        .systemLibrary(
            name: "CIDN",
            path: "Sources/System/CIDN",
            providers: [.apt(["libidn-dev"])]
        ),
        .systemLibrary(
            name: "CArgon2",
            path: "Sources/System/CArgon2",
            providers: [.apt(["libargon2-dev"])]
        ),
        .systemLibrary(
            name: "CWrap",
            path: "Sources/System/CWrap",
            providers: [.apt(["libwrap0-dev"])]
        ),
        .systemLibrary(
            name: "CEdit",
            path: "Sources/System/CEdit",
            providers: [.apt(["libedit-dev"])]
        ),
        .systemLibrary(
            name: "CSQLite",
            path: "Sources/System/CSQLite",
            providers: [.apt(["libsqlite3-dev"])]
        ),

        // Leaves: know nothing of the broker, nor of one another but for what is named here.
        module("Encoding", in: "Sources/Leaves"),
        module("ProgramOptions", in: "Sources/Leaves"),
        module("JSON", in: "Sources/Leaves", uses: ["CcJSON"]),
        module("SafeFiles", in: "Sources/Leaves"),
        module("Results", in: "Sources/Leaves"),
        module("TopicRules", in: "Sources/Leaves", settings: strict),
        module("PasswordHash", in: "Sources/Leaves", uses: ["Encoding", "COpenSSL", "CArgon2"]),

        // The broker.
        module("MQTT", in: "Sources/Broker", uses: ["TopicRules"], settings: strict),
        module("Topics", in: "Sources/Broker", settings: strict),
        module("Inflight", in: "Sources/Broker", uses: ["MQTT"]),
        module("ClientMachine", in: "Sources/Client", uses: ["Inflight", "MQTT"]),
        module(
            "Persist",
            in: "Sources/Broker",
            uses: ["MQTT", "Inflight", "TopicRules", "CLinux"]
        ),
        module("Log", in: "Sources/Broker", uses: ["SafeFiles", "CLinux"]),
        module("Config", in: "Sources/Broker", uses: ["Log", "TopicRules", "CLinux"]),
        module(
            "Net",
            in: "Sources/Broker",
            uses: ["SafeFiles", "CBrokerShims", "CLinux", "COpenSSL"]
        ),
        // The client library of C programs, with the runtime inside and nothing of it visible. Its relocations
        // are packed, which saves half a megabyte.
        .target(
            name: "LibMosquitto",
            dependencies: [
                "MQTTClient", "PacketTracing", "ClientMachine", "CommonLibrary", "PropertyLists",
                "CMosquitto", "CBrokerShims", "Encoding", "MQTT", "Net", "Results", "TopicRules",
            ],
            path: "Sources/Client/LibMosquitto",
            swiftSettings: common,
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-use-ld=lld", "-Xlinker", "-z", "-Xlinker",
                    "pack-relative-relocs",
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/client.syms",
                    "-Xlinker", "-soname=libmosquitto.so.1",
                    "-Xlinker", "-z", "-Xlinker", "nodelete",
                ])
            ]
        ),
        module("PacketTracing", in: "Sources/Client", uses: ["MQTT"]),
        module(
            "MQTTClient",
            in: "Sources/Client",
            uses: [
                "ClientMachine", "Inflight", "MQTT", "Net", "TopicRules", "Results", "Encoding",
                "CLinux", "COpenSSL",
            ]
        ),
        module("HostAccess", in: "Sources/Broker", uses: ["Net", "CLinux", "CWrap"]),
        module(
            "Core",
            in: "Sources/Broker",
            uses: [
                "MQTT", "Inflight", "Topics", "Config", "Persist", "Net", "Log", "Encoding",
                "SafeFiles", "Results", "TopicRules", "JSON", "CLinux", "ClientMachine",
                "HostAccess",
            ]
        ),
        .executableTarget(
            name: "mosquitto",
            dependencies: [
                "Core", "Persist", "Net", "Config", "Log", "SafeFiles", "CLinux", "PluginHost",
                "ProgramOptions", "JSON",
            ],
            path: "Sources/Broker/Mosquitto",
            swiftSettings: common,
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "--dynamic-list=\(Context.packageDirectory)/linker.syms"]
                ),
                // Plugins built for 2.1 may need the common library, whose functions are all here.
                .unsafeFlags(["-use-ld=lld", "-Xlinker", "-soname=libmosquitto_common.so.1"]),
                installedRuntime,
            ]
        ),

        // The plugin interface.
        .target(
            name: "CBrokerShims",
            dependencies: ["CMosquitto"],
            path: "Sources/PluginABI/CBrokerShims",
            cSettings: cFlags
        ),
        module(
            "CommonLibrary",
            in: "Sources/PluginABI",
            uses: [
                "Encoding", "SafeFiles", "Results", "TopicRules", "CMosquitto", "CBrokerShims",
                "COpenSSL",
            ]
        ),
        module(
            "PropertyLists",
            in: "Sources/PluginABI",
            uses: ["CommonLibrary", "CBrokerShims", "MQTT"]
        ),
        // Apart, because programs of the client library need neither.
        module(
            "CommonPasswords",
            in: "Sources/PluginABI",
            uses: ["PasswordHash", "CMosquitto", "CommonLibrary", "Results"]
        ),
        module(
            "CommonJSON",
            in: "Sources/PluginABI",
            uses: ["CommonLibrary", "Encoding", "CMosquitto", "CBrokerShims", "CcJSON"]
        ),
        .target(
            name: "CommonLibraryFile",
            dependencies: ["CommonLibrary", "CommonPasswords", "CommonJSON"],
            path: "Sources/PluginABI/CommonLibraryFile",
            swiftSettings: common,
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/common.syms",
                    "-Xlinker", "-soname=libmosquitto_common.so.1",
                ])
            ]
        ),
        module("Isolation", in: "Sources/PluginABI"),
        module(
            "PluginHost",
            in: "Sources/PluginABI",
            uses: [
                "CommonLibrary", "CommonPasswords", "CommonJSON", "PropertyLists", "Isolation",
                "Core", "Net", "MQTT", "Inflight", "Persist", "Log",
                "Config", "Encoding", "Results", "TopicRules", "JSON", "CMosquitto", "CBrokerShims",
                "CLinux",
                "CcJSON",
            ]
        ),
        .target(name: "CPluginEntry", path: "Sources/PluginABI/CPluginEntry", cSettings: cFlags),
        module(
            "PluginSDK",
            in: "Sources/PluginABI",
            uses: [
                "SafeFiles", "Results", "TopicRules", "CMosquitto", "CPluginEntry", "CFFI",
                "COpenSSL",
            ],
            settings: common + [.enableExperimentalFeature("Lifetimes")]
        ),

        // Plugins: one dynamic library each.
        plugin("PasswordFile", uses: ["PasswordHash", "SafeFiles"]),
        plugin("ACLFile", uses: ["SafeFiles", "TopicRules"]),
        plugin(
            "DynamicSecurity",
            uses: ["Encoding", "SafeFiles", "PasswordHash", "TopicRules", "JSON", "COpenSSL"]
        ),
        plugin("Scram", uses: ["Encoding", "SafeFiles", "PasswordHash", "COpenSSL", "CIDN"]),
        plugin(
            "PersistSQLite",
            uses: ["Encoding", "JSON", "CSQLite"],
            settings: common + [.enableExperimentalFeature("Lifetimes")]
        ),
        plugin(
            "SparkplugAware",
            uses: ["TopicRules"],
            settings: common + [.enableExperimentalFeature("Lifetimes")]
        ),

        // Tools.
        module("ToolSupport", in: "Sources/Tools", uses: ["Results"]),
        module(
            "ClientTools",
            in: "Sources/Tools",
            uses: [
                "MQTT", "MQTTClient", "PacketTracing", "Config", "Encoding", "TopicRules", "JSON",
                "Results", "ProgramOptions",
            ]
        ),
        .executableTarget(
            name: "mosquitto_pub",
            dependencies: ["ClientTools", "ToolSupport"],
            path: "Sources/Tools/mosquitto_pub",
            swiftSettings: common,
            linkerSettings: [ownRuntime]
        ),
        .executableTarget(
            name: "mosquitto_sub",
            dependencies: ["ClientTools", "ToolSupport"],
            path: "Sources/Tools/mosquitto_sub",
            swiftSettings: common,
            linkerSettings: [ownRuntime]
        ),
        .executableTarget(
            name: "mosquitto_rr",
            dependencies: ["ClientTools", "ToolSupport"],
            path: "Sources/Tools/mosquitto_rr",
            swiftSettings: common,
            linkerSettings: [ownRuntime]
        ),
        .target(
            name: "CControlModule",
            path: "Sources/Tools/CControlModule",
            publicHeadersPath: "."
        ),
        .executableTarget(
            name: "mosquitto_ctrl",
            dependencies: [
                "MQTTClient", "MQTT", "ToolSupport", "SafeFiles", "PasswordHash", "JSON", "CEdit",
                "CControlModule", "Config", "ProgramOptions", "Encoding",
            ],
            path: "Sources/Tools/mosquitto_ctrl",
            swiftSettings: common,
            linkerSettings: [installedRuntime]
        ),
        .executableTarget(
            name: "mosquitto_passwd",
            dependencies: ["ToolSupport", "SafeFiles", "PasswordHash", "ProgramOptions"],
            path: "Sources/Tools/mosquitto_passwd",
            swiftSettings: common,
            linkerSettings: [installedRuntime]
        ),
        .executableTarget(
            name: "mosquitto_signal",
            dependencies: ["ToolSupport", "ProgramOptions"],
            path: "Sources/Tools/mosquitto_signal",
            swiftSettings: common,
            linkerSettings: [installedRuntime]
        ),
        .executableTarget(
            name: "mosquitto_db_dump",
            dependencies: [
                "Persist", "Inflight", "MQTT", "JSON", "Encoding", "ToolSupport", "ProgramOptions",
            ],
            path: "Sources/Tools/mosquitto_db_dump",
            swiftSettings: common + [.enableExperimentalFeature("Lifetimes")],
            linkerSettings: [installedRuntime]
        ),

        // Benchmarks.
        .executableTarget(
            name: "TopicsBenchmark",
            dependencies: ["Topics"],
            path: "Benchmarks/TopicsBenchmark",
            swiftSettings: common
        ),
        .executableTarget(
            name: "ClientBenchmark",
            dependencies: ["MQTTClient", "MQTT"],
            path: "Benchmarks/ClientBenchmark",
            swiftSettings: common
        ),
        .executableTarget(
            name: "ACLFileBenchmark",
            dependencies: ["ACLFile"],
            path: "Benchmarks/ACLFileBenchmark",
            swiftSettings: common
        ),
        .executableTarget(
            name: "DynamicSecurityBenchmark",
            dependencies: ["DynamicSecurity", "PluginSDK", "PasswordHash", "TestSupport"],
            path: "Benchmarks/DynamicSecurityBenchmark",
            swiftSettings: common
        ),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["COpenSSL"],
            path: "Tests/Support",
            swiftSettings: common
        ),
        .target(
            name: "LogTestSupport",
            dependencies: ["Persist", "TestSupport"],
            path: "Tests/LogSupport",
            swiftSettings: common
        ),
        tests("EncodingTests", uses: ["Encoding"]),
        tests("SafeFilesTests", uses: ["SafeFiles"]),
        tests("JSONTests", uses: ["JSON", "CcJSON"]),
        tests("ResultsTests", uses: ["Results", "CMosquitto"]),
        tests("TopicRulesTests", uses: ["TopicRules"]),
        tests("PasswordHashTests", uses: ["PasswordHash", "TestSupport"]),
        tests("MQTTTests", uses: ["MQTT"]),
        tests("InflightTests", uses: ["Inflight", "MQTT", "TestSupport"]),
        tests(
            "ClientMachineTests",
            uses: ["ClientMachine", "Inflight", "MQTT", "TestSupport"]
        ),
        tests(
            "PersistTests",
            uses: ["Persist", "Inflight", "MQTT", "TestSupport", "LogTestSupport"]
        ),
        tests("TopicsTests", uses: ["Topics", "TopicRules"]),
        tests(
            "CoreTests",
            uses: [
                "Core", "Persist", "MQTT", "Inflight", "Topics", "Config", "Net", "Log",
                "TestSupport", "LogTestSupport",
            ]
        ),
        tests("ConfigTests", uses: ["Config", "Log", "TestSupport"]),
        tests("NetTests", uses: ["Net", "CLinux", "TestSupport"]),
        tests("HostAccessTests", uses: ["HostAccess", "Net"]),
        tests("MQTTClientTests", uses: ["MQTTClient", "TestSupport"]),
        .testTarget(
            name: "TransportTests",
            dependencies: ["TestSupport", "COpenSSL"],
            path: "Tests/TransportTests",
            exclude: ["Scripts"],
            swiftSettings: common
        ),
        tests("IsolationTests", uses: ["Isolation", "TestSupport"]),
        tests(
            "PluginHostTests",
            uses: ["PluginHost", "Core", "Config", "MQTT", "Net", "CMosquitto", "TestSupport"]
        ),
        tests("PersistSQLiteTests", uses: ["PersistSQLite", "CSQLite", "TestSupport"]),
        tests("ConformanceTests", uses: ["Persist", "Inflight", "TestSupport"]),
        tests("BridgeTests", uses: ["TestSupport"]),
        .testTarget(
            name: "ClientTests",
            dependencies: ["TestSupport"],
            path: "Tests/ClientTests",
            exclude: ["Programs"],
            swiftSettings: common
        ),
        .testTarget(
            name: "ABITests",
            dependencies: [
                "CommonLibrary", "CommonPasswords", "CommonJSON", "CMosquitto", "CcJSON",
                "COpenSSL", "TestSupport",
            ],
            path: "Tests/ABITests",
            exclude: ["C"],
            swiftSettings: common
        ),
        tests(
            "PluginTests",
            uses: [
                "PluginSDK", "PasswordFile", "ACLFile", "Scram", "SparkplugAware", "Encoding",
                "PasswordHash", "TestSupport", "CMosquitto",
            ]
        ),
        tests(
            "DynamicSecurityTests",
            uses: ["DynamicSecurity", "PluginSDK", "CMosquitto", "TestSupport", "CcJSON"]
        ),
        tests(
            "ToolsTests",
            uses: [
                "MQTTClient", "MQTT", "ToolSupport", "PasswordHash", "JSON", "TestSupport",
                "mosquitto_ctrl", "mosquitto_passwd", "mosquitto_signal", "mosquitto_db_dump",
                "ClientTools",
                "ProgramOptions",
            ]
        ),
        tests(
            "ClientToolsTests",
            uses: ["ClientTools", "PacketTracing", "MQTT", "ProgramOptions", "TestSupport"]
        ),
        .testTarget(
            name: "ClientLibraryTests",
            dependencies: ["TestSupport"],
            path: "Tests/ClientLibraryTests",
            exclude: ["Programs", "mosquittopp.symbols"],
            swiftSettings: common
        ),
        tests("TidyTests", uses: []),
    ],
    swiftLanguageModes: [.v6]
)
