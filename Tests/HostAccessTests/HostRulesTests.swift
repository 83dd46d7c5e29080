// SPDX-License-Identifier: Apache-2.0
// Which lines of host access rules may concern the broker.

import Testing

@testable import HostAccess

struct HostRulesTests {
    private func mayConcern(_ text: String) -> Bool {
        HostRules.mayConcern("mosquitto", Array(text.utf8))
    }

    @Test(
        "Rules of others, comments and empty lines do not concern the broker",
        arguments: [
            "", "\n", "\n\n", " \t\r\n", "# mosquitto: ALL\n", "#", "sshd: ALL\n", "sshd: ALL",
            "sshd, vsftpd : ALL : allow\n", "sshd: mosquitto\n", "sshd EXCEPT vsftpd: ALL\n",
            "mosquitto2: ALL\n", "my-mosquitto_: ALL\n", "sshd \\\n vsftpd: ALL\n",
            "# comment \\\nmosquitto: ALL\n", "smtp: ALL\nsshd: ALL\n",
        ]
    )
    func others(text: String) { #expect(!mayConcern(text)) }

    @Test(
        "Everything else may",
        arguments: [
            "mosquitto: ALL\n", "mosquitto: ALL", "MosQuitto: ALL\n", "ALL: ALL\n", "all: ALL\n",
            "KNOWN: ALL\n", "sshd,mosquitto: ALL\n", "sshd\tmosquitto : ALL\n", "mosq*: ALL\n",
            "?osquitto: ALL\n", ".quitto: ALL\n", "mosq.: ALL\n", "@daemons: ALL\n",
            "mosquitto@192.0.2.1: ALL\n", "ALL EXCEPT mosquitto: ALL\n", "nonsense\n",
            "in.telnetd: x\n",
            "sshd \\\n mosquitto: ALL\n", "mos\\\nquitto: ALL\n", "sshd: ALL\nmosquitto: ALL\n",
            " # mosquitto: ALL\n", "/file: ALL\n", "m\u{F6}squitto: ALL\n",
        ]
    )
    func concerned(text: String) { #expect(mayConcern(text)) }
}
