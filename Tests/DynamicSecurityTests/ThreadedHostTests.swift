// SPDX-License-Identifier: Apache-2.0
// The plugin in a broker that allows calls from any thread: nothing slow runs inside a callback.

import CMosquitto
import DynamicSecurity
import Foundation
import Glibc
import PluginSDK
import Testing

@Suite(.serialized) struct ThreadedHostTests {
    private static let responseTopic = "$CONTROL/dynamic-security/v1/response"

    /// The plugin with an administrator `admin` and a client `u`, both with the password `secret`.
    private final class Loaded {
        let plugin: DynamicSecurityPlugin
        let directory: String

        init() throws {
            let hash = try #require(StoredPassword.make("secret", iterations: 10)).text
            directory = try EngineFixture.makeDirectory(
                #"{"clients":[{"username":"admin","encoded_password":"\#(hash)"},{"username":"u","encoded_password":"\#(hash)","roles":[{"rolename":"r"}]}],"roles":[{"rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a/%c","allow":true}]}]}"#
            )
            let options = PluginOptions([
                .init(key: "config_file", value: directory + "/dynsec.json")
            ])
            let broker = try ThreadedHost.broker()
            plugin = try DynamicSecurityPlugin(
                context: ThreadSafePluginContext(broker: broker, options: options)
            )
        }

        deinit {
            plugin.willUnload()
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    /// Runs the closure with a handle of a client of this name.
    private func withClient<Result>(_ name: String, _ body: (OpaquePointer?) -> Result) -> Result {
        name.withCString { body(OpaquePointer(UnsafeMutablePointer(mutating: $0))) }
    }

    private func login(_ name: String, _ password: String) -> CInt? {
        withClient(name) { client in
            var event = mosquitto_evt_basic_auth()
            event.client = client
            event.username = strdup(name)
            event.password = strdup(password)
            defer {
                free(event.username)
                free(event.password)
            }
            return ThreadedHost.call(3, &event)
        }
    }

    private func access(_ name: String, _ topic: String) -> CInt? {
        withClient(name) { client in
            topic.withCString { topic in
                var event = mosquitto_evt_acl_check()
                event.client = client
                event.topic = topic
                event.access = 2
                return ThreadedHost.call(2, &event)
            }
        }
    }

    private func control(_ message: String) -> CInt? {
        withClient("admin") { client in
            message.withCString { payload in
                var event = mosquitto_evt_control()
                event.client = client
                event.payload = UnsafeRawPointer(payload)
                event.payloadlen = UInt32(message.utf8.count)
                return ThreadedHost.call(6, &event)
            }
        }
    }

    @Test("A login is delayed while its password is hashed, and the next one needs no hash")
    func delayedLogin() throws {
        let loaded = try Loaded()
        withExtendedLifetime(loaded) {
            #expect(login("u", "secret") == -5)
            #expect(ThreadedHost.request("complete") == "complete u 0")
            #expect(login("u", "secret") == 0)
            #expect(login("u", "wrong") == -5)
            #expect(ThreadedHost.request("complete") == "complete u 11")
            #expect(login("stranger", "secret") == 17)
        }
    }

    @Test(
        "A control message is answered from another thread, then felt, then the client is disconnected"
    )
    func control() throws {
        let loaded = try Loaded()
        withExtendedLifetime(loaded) {
            #expect(access("u", "a/u") == 0)
            #expect(access("u", "a/other") == 17)
            #expect(
                control(
                    #"{"commands":[{"command":"removeClientRole","username":"u","rolename":"r"}]}"#
                ) == 0
            )
            #expect(
                ThreadedHost.request("publish")
                    == "publish \(ThreadedHostTests.responseTopic) "
                    + #"{"responses":[{"command":"removeClientRole"}]}"#
            )
            #expect(access("u", "a/u") == 17)
            var tick = mosquitto_evt_tick()
            #expect(ThreadedHost.call(9, &tick) == 0)
            #expect(ThreadedHost.request("kick") == "kick user u false")
        }
    }

    @Test("Messages are answered in their order, whatever threads check access meanwhile")
    func order() throws {
        let loaded = try Loaded()
        try withExtendedLifetime(loaded) {
            DispatchQueue.concurrentPerform(iterations: 3) { index in
                for number in 0..<100 {
                    if index == 0 {
                        _ = control(
                            #"{"commands":[{"command":"createRole","rolename":"n\#(number)","correlationData":"\#(number)"}]}"#
                        )
                    } else {
                        precondition(access("u", "a/u") == 0)
                    }
                }
            }
            for number in 0..<100 {
                let answer = try #require(ThreadedHost.request("publish"))
                #expect(
                    answer.hasSuffix(#"{"command":"createRole","correlationData":"\#(number)"}]}"#)
                )
            }
        }
    }

    @Test("A second one in the same process is refused")
    func twice() throws {
        let loaded = try Loaded()
        let options = PluginOptions([.init(key: "config_file", value: loaded.directory + "/other")])
        let broker = try ThreadedHost.broker()
        #expect(throws: ResultCode.alreadyExists) {
            try DynamicSecurityPlugin(
                context: ThreadSafePluginContext(broker: broker, options: options)
            )
        }
        #expect(!FileManager.default.fileExists(atPath: loaded.directory + "/other"))
    }

    @Test("Without a config_file nothing is registered and the broker goes on")
    func notActivated() throws {
        let broker = try ThreadedHost.broker()
        _ = try DynamicSecurityPlugin(
            context: ThreadSafePluginContext(broker: broker, options: PluginOptions([]))
        )
        #expect(login("u", "secret") == nil)
    }
}
