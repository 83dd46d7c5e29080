// SPDX-License-Identifier: Apache-2.0
// mosquitto_signal: its command line, whom it finds, and what a process gets.

import Foundation
import Glibc
import TestSupport
import Testing
import ToolSupport

@testable import mosquitto_signal

@Suite("mosquitto_signal")
struct SignalTests {
    private func failure(_ words: String...) -> String? {
        do {
            _ = try SignalRequest(words)
            return nil
        } catch let failure as ToolFailure {
            return failure.message
        } catch {
            return "\(error)"
        }
    }

    @Test("a target and a signal are needed, in any order")
    func commandLine() throws {
        let all = try SignalRequest(["-a", "config-reload"])
        #expect(all.target == .all && all.signal == .configReload)
        let one = try SignalRequest(["shutdown", "-p", "12"])
        #expect(one.target == .process(12) && one.signal == .shutdown)
        #expect(failure("config-reload") == "Error: One of -a or -p must be used.")
        #expect(failure("-a") == "Error: No signal given.")
        #expect(failure("-a", "xyz") == "Error: Unknown signal 'xyz'.")
        #expect(failure("-a", "xtreport") == "Error: Unknown signal 'xtreport'.")
        #expect(failure("-p") == "Error: -p argument given but process ID missing.")
        for word in ["0", "-1", "x", "1x", "99999999999", ""] {
            #expect(failure("-p", word, "shutdown") == "Error: Process ID must be >0.", "\(word)")
        }
    }

    @Test("without arguments, and asked for it, the usage is printed, with status 1")
    func usage() throws {
        for words in [[], ["--help"], ["-a", "--help", "shutdown"]] {
            let outcome = try ToolProgram.signal.run(words)
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("Usage: mosquitto_signal {-a | -p pid} signal"))
            for signal in BrokerSignal.allCases {
                #expect(outcome.output.contains(" \(signal.rawValue) : "))
            }
        }
    }

    @Test("a broker is known by the name of its program, not by its path or its arguments")
    func names() {
        let lines: [(String, Bool)] = [
            ("mosquitto", true), ("mosquitto\0-v\0", true), ("/usr/sbin/mosquitto\0", true),
            ("./mosquitto\0", true), ("mosquitto_sub\0", false), ("/mosquitto/sh\0", false),
            ("sh\0mosquitto\0", false), ("", false), ("\0mosquitto", false), ("mosquitto/", false),
        ]
        for (line, isBroker) in lines {
            #expect(BrokerProcesses.isBroker(Array(line.utf8)) == isBroker, "\(line)")
        }
    }

    @Test("-a finds a running broker, and no program of another name")
    func all() throws {
        let broker = try Broker(workers: 1)
        let found = BrokerProcesses.running()
        #expect(found.contains(broker.process.pid))
        #expect(!found.contains(getpid()))
        #expect(Set(found).count == found.count)
    }

    @Test("a process that is not there is said, with status 0; a broker gets its signal")
    func carryOut() throws {
        let broker = try Broker(workers: 1)
        let sent = try ToolProgram.signal.run(["-p", "\(broker.process.pid)", "shutdown"])
        #expect(sent.status == 0 && sent.errors.isEmpty)
        #expect(broker.process.wait(seconds: 10)?.status == 0)
        let late = try ToolProgram.signal.run(["-p", "\(pid_t.max)", "shutdown"])
        #expect(late.status == 0)
        #expect(late.errors == "Error: Unable to signal process 2147483647: No such process.\n")
    }
}
