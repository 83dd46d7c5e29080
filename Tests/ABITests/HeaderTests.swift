// SPDX-License-Identifier: Apache-2.0
// The headers compile alone everywhere and mean what the interface of 2.0 and 2.1 means.

import Foundation
import TestSupport
import Testing

@Suite struct HeaderTests {
    @Test("A header compiles alone, without a warning", arguments: Headers.paths)
    func compilesAlone(path: String) throws {
        for language in Language.languages(of: path) {
            let outcome = try Headers.compile(
                language.arguments + ["-Wpedantic", "-I\(Headers.folder)"],
                input: "#include \"\(path)\""
            )
            #expect(outcome.status == 0, "\(language): \(outcome.errors)")
        }
    }

    @Test(
        "A header of the plugin interface alone brings events and functions",
        arguments: [
            "mosquitto/broker_plugin.h", "mosquitto/broker.h", "mosquitto/broker_control.h",
        ],
        Language.allCases
    )
    func bringsTheInterface(path: String, language: Language) throws {
        let outcome = try Headers.compile(
            language.arguments + ["-Werror", "-I\(Headers.folder)"],
            input: """
                #include <\(path)>
                struct mosquitto_evt_basic_auth data;
                int registering(mosquitto_plugin_id_t *plugin, MOSQ_FUNC_generic_callback function)
                {
                    mosquitto_log_printf(MOSQ_LOG_INFO, "%d", MOSQ_ERR_SUCCESS);
                    return mosquitto_callback_register(
                        plugin, MOSQ_EVT_BASIC_AUTH, function, NULL, NULL);
                }
                """
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "Layouts, values and signatures are those of the interface",
        arguments: [
            "layouts20.c", "layouts21.c", "constants20.c", "constants21.c",
            "plugin_v2.c", "plugin_v3.c", "plugin_v4.c",
        ]
    )
    func agrees(source: String) throws {
        let outcome = try Headers.compile([
            "-std=c11", "-I\(Headers.folder)", "\(Headers.sources)/\(source)",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "What is asserted of 2.0 holds for the original headers of 2.0",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/include/mosquitto_plugin.h")),
        arguments: ["layouts20.c", "constants20.c", "plugin_v4.c"]
    )
    func agreesWithOriginal(source: String) throws {
        let outcome = try Headers.compile(["-std=c11", "\(Headers.sources)/\(source)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("The comment of a function ends with its thread", arguments: Headers.paths)
    func namesThread(path: String) throws {
        let threads = ["[any thread] */", "[main] */", "[during a callback] */"]
        for declaration in try Headers.declarations(in: path) {
            let lastLine = declaration.comment.split(separator: "\n").last ?? ""
            let words = lastLine.trimmingCharacters(in: .whitespaces)
            #expect(threads.contains(words), "\(declaration.name) in \(path)")
        }
    }

    @Test("The export list holds the functions of the headers, no less and no more")
    func exportListIsComplete() throws {
        let declared = Set(try Headers.exported().map(\.name)).union(["libcommon_vprintf"])
        #expect(declared.count == 139)
        #expect(try exportList() == declared)
    }

    @Test("The broker exports the common library, and nothing that is not on its list")
    func brokerExports() throws {
        let outcome = try ChildProcess.run(
            "/usr/bin/nm",
            ["-D", "--defined-only", Broker.executable]
        )
        let names = outcome.output.split(separator: "\n").compactMap {
            $0.split(separator: " ").last
        }
        let ours = Set(names.map(String.init).filter { $0.contains(/^(mosquitto|libcommon)_/) })
        let common = try Headers.exported().filter { $0.mark == "libmosqcommon_EXPORT" }
        #expect(ours.isSuperset(of: common.map(\.name)))
        #expect(ours.isSubset(of: try exportList()))
    }

    private func exportList() throws -> Set<String> {
        let path = Broker.packageRoot + "/linker.syms"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Set(text.matches(of: /\w+/).map { String($0.0) })
    }
}
