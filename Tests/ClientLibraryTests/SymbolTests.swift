// SPDX-License-Identifier: Apache-2.0
// What the shared objects of the client library export and need.

import Foundation
import TestSupport
import Testing

@Suite("Symbols of the client library")
struct SymbolTests {
    @Test("libmosquitto exports what client.syms says, each name with its node, and nothing else")
    func functions() throws {
        let symbols = try ExportList.symbols(of: ClientLibrary.path("libmosquitto.so.1"))
        let expected = try ExportList().nodes
        #expect(expected.count == 126)
        #expect(symbols == expected)
    }

    @Test("libmosquittopp exports the functions of the interface, without nodes, and three more")
    func membersOfTheClass() throws {
        let path = Broker.packageRoot + "/Tests/ClientLibraryTests/mosquittopp.symbols"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let expected = Set(lines.map(String.init))
        #expect(expected.count == 83)
        let symbols = try ExportList.symbols(of: ClientLibrary.path("libmosquittopp.so.1"))
        let nodes = Set(symbols.values)
        #expect(nodes == [""])
        // Some linkers say where sections end.
        let names = Set(symbols.keys).subtracting(["__bss_start", "_edata", "_end"])
        #expect(names.isSuperset(of: expected))
        // Two constructors and reinitialise for classes with the virtual functions of 2.1, and what describes the class.
        let others = names.subtracting(expected)
        let own = others.filter { $0.hasSuffix("NS_9interfaceE") }
        #expect(own.count == 3)
        let description: Set = [
            "_ZTIN6mosqpp11mosquittoppE", "_ZTSN6mosqpp11mosquittoppE",
            "_ZTVN6mosqpp11mosquittoppE",
        ]
        #expect(others.subtracting(own) == description)
    }

    @Test(
        "Programs find the libraries by the names of the original",
        arguments: ClientLibrary.names
    )
    func names(name: String) throws {
        let outcome = try ChildProcess.run("/usr/bin/readelf", ["-d", ClientLibrary.path(name)])
        #expect(outcome.output.contains("Library soname: [\(name)]"), "\(outcome.errors)")
        #expect(!outcome.output.contains("[libcjson.so"))
    }
}
