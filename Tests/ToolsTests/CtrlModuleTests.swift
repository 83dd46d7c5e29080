// SPDX-License-Identifier: Apache-2.0
// External modules of mosquitto_ctrl, written in C.

import Foundation
import TestSupport
import Testing

@Suite("mosquitto_ctrl external modules")
struct CtrlModuleTests {
    private static let source = """
        #include <stdio.h>
        #include <string.h>
        #include "ControlModule.h"

        static void print(struct mosq_ctrl *ctrl, long length, const void *payload)
        {
            printf("%s %d %d %s: %.*s\\n", ctrl->cfg.username, ctrl->cfg.protocol_version,
                ctrl->cfg.qos, ctrl->cfg.id, (int)length, (const char *)payload);
        }

        int ctrl_main(int argc, char *argv[], struct mosq_ctrl *ctrl)
        {
            if (argc < 1) return 3;
            if (!strcmp(argv[0], "done")) return puts("done") < 0;
            if (!strcmp(argv[0], "end")) return -1;
            if (strcmp(argv[0], "list") || argc != 2) return 3;
            ctrl->request_topic = strdup("$CONTROL/dynamic-security/v1");
            ctrl->response_topic = strdup("$CONTROL/dynamic-security/v1/response");
            ctrl->payload = strdup("{\\"commands\\":[{\\"command\\":\\"listRoles\\"}]}");
            ctrl->payload_callback = print;
            return 0;
        }
        """

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("module.c", "#define _GNU_SOURCE\n" + Self.source)
        let header = Broker.packageRoot + "/Sources/Tools/CControlModule"
        let made = try ChildProcess.run(
            "/usr/bin/env",
            [
                "cc", "-shared", "-fPIC", "-I", header, "-o", "mosquitto_ctrl_demo.so", "module.c",
            ],
            directory: folder.path,
            seconds: 60
        )
        guard made.status == 0 else { throw Mismatch("cc: \(made.errors)") }
    }

    private func run(_ arguments: [String]) throws -> Outcome {
        try ChildProcess.run(
            ToolProgram.ctrl.path,
            arguments,
            environment: ["LD_LIBRARY_PATH": folder.path, "XDG_CONFIG_HOME": "/nonexistent"]
        )
    }

    @Test("the module's request is made and its callback gets the answer")
    func request() throws {
        let broker = try Broker.debianWithDynamicSecurity()
        let outcome = try run([
            "--quiet", "-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "admin", "-P", "pw", "-i",
            "id", "demo", "list", "x",
        ])
        #expect(outcome.status == 0)
        #expect(
            outcome.output
                == #"admin 5 1 id: {"responses":[{"command":"listRoles","data":{"totalCount":1,"#
                + #""roles":["admin"]}}]}"# + "\n"
        )
    }

    @Test("a positive result is the status, a negative one ends the program in good order")
    func results() throws {
        let invalid = try run(["demo", "list"])
        #expect(invalid.status == 3)
        #expect(invalid.errors == "Error: Invalid input.\n")
        #expect(try run(["demo", "end"]).status == 0)
        // 0 asks for a request, but there is none to make.
        let nothing = try run(["demo", "done"])
        #expect(nothing.output == "done\n")
        #expect(nothing.status == 3)
        #expect(try run(["nosuch", "x"]).errors == "Error: Module 'nosuch' not supported.\n")
    }
}
