// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
// A plugin as a package of its own.

import PackageDescription

let package = Package(
    name: "greeter",
    products: [.library(name: "greeter", type: .dynamic, targets: ["Greeter"])],
    dependencies: [.package(name: "mosquitto", path: "../..")],
    targets: [
        .target(
            name: "Greeter",
            dependencies: [.product(name: "PluginSDK", package: "mosquitto")],
            // Export the entry points and nothing else.
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/plugin.syms",
                ])
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
