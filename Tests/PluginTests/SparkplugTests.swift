// SPDX-License-Identifier: Apache-2.0
// What an aware server decides about topics, payloads and options, without a broker.

import PluginSDK
import TestSupport
import Testing

@testable import SparkplugAware

@Suite("Sparkplug without a broker")
struct SparkplugTests {
    // MARK: Topics

    @Test(
        "Births and deaths of the namespace are recognised by their levels, and nothing else is",
        arguments: [
            ("spBv1.0/G/NBIRTH/E", SparkplugTopic?.some(.nodeBirth)),
            ("spBv1.0/G/DBIRTH/E/D", .deviceBirth), ("spBv1.0/G/NDEATH/E", .nodeDeath),
            ("spBv1.0//NBIRTH/", .nodeBirth), ("spBv1.0//DBIRTH//", .deviceBirth),
            ("spBv1.0/NBIRTH/NBIRTH/NBIRTH", .nodeBirth), ("spBv1.0/ß/NBIRTH/日本", .nodeBirth),
            ("spBv1.0/G/NBIRTH", nil), ("spBv1.0/G/NBIRTH/E/D", nil), ("spBv1.0/G/DBIRTH/E", nil),
            ("spBv1.0/G/DBIRTH/E/D/", nil), ("spBv1.0/G/NDEATH/E/", nil), ("spBv1.0/G", nil),
            ("spBv1.0/", nil), ("spBv1.0", nil), ("", nil), ("s", nil), ("/", nil),
            ("spBv1.0/G/DDEATH/E/D", nil), ("spBv1.0/G/NDATA/E", nil), ("spBv1.0/STATE/H", nil),
            ("spBv1.0/G/nbirth/E", nil), ("spBv1.0/G/NBIRTHS/E", nil), ("spBv1.0/G/NBIRT/E", nil),
            ("SPBV1.0/G/NBIRTH/E", nil), ("spAv1.0/G/NBIRTH/E", nil), ("spBv1.1/G/NBIRTH/E", nil),
            ("/spBv1.0/G/NBIRTH/E", nil), ("x/spBv1.0/G/NBIRTH/E", nil),
            ("spBv1.0/NBIRTH/E", nil), ("spBv1.0/NBIRTH/G/E", nil),
            ("$sparkplug/certificates/spBv1.0/G/NBIRTH/E", nil),
        ]
    )
    func topics(name: String, meaning: SparkplugTopic?) {
        #expect(SparkplugTopic(Array(name.utf8).span) == meaning)
        #expect(SparkplugTopic(Array(name.utf8).span) == Self.meaning(byFilterOf: name))
    }

    /// The same by filters.
    private static func meaning(byFilterOf name: String) -> SparkplugTopic? {
        let filters: [(String, SparkplugTopic)] = [
            ("spBv1.0/+/NBIRTH/+", .nodeBirth), ("spBv1.0/+/DBIRTH/+/+", .deviceBirth),
            ("spBv1.0/+/NDEATH/+", .nodeDeath),
        ]
        return filters.first { Topic.matches(filter: $0.0, name: name) == true }?.1
    }

    @Test("Topics of random words mean what filters say")
    func randomTopics() {
        var random = SplitMix64(seed: 31)
        let words = ["spBv1.0", "NBIRTH", "DBIRTH", "NDEATH", "", "G", "NBIRT", "\u{0}"]
        var found = 0
        for _ in 0..<20_000 {
            var levels = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                words.randomElement(using: &random) ?? ""
            }
            if Bool.random(using: &random) { levels.insert("spBv1.0", at: 0) }
            let name = levels.joined(separator: "/")
            let meaning = SparkplugTopic(Array(name.utf8).span)
            #expect(meaning == Self.meaning(byFilterOf: name), "\(name)")
            if meaning != nil { found += 1 }
        }
        #expect(found > 100)
    }

    @Test("A certificate's topic may be as long as MQTT allows, and no longer")
    func certificateTopic() throws {
        let longest = String(repeating: "x", count: Topic.lengthMax - BirthCertificate.prefix.count)
        let certificate = try #require(BirthCertificate(topic: longest, properties: []))
        #expect(certificate.topic == "$sparkplug/certificates/" + longest)
        #expect(certificate.topic.utf8.count == Topic.lengthMax)
        #expect(BirthCertificate(topic: longest + "x", properties: []) == nil)
    }

    @Test("A certificate has those properties of the birth that say what its payload is")
    func certificateProperties() {
        typealias Property = PluginSDK.Property
        let kept = [
            Property(.payloadFormatIndicator, .byte(0)), .contentType("application/protobuf"),
            .user("a", "1"), .user("a", "2"),
        ]
        let left = [
            Property.messageExpiryInterval(5), .responseTopic("r"), .correlationData([1]),
            Property(.subscriptionIdentifier, .variableByteInteger(3)),
        ]
        let certificate = BirthCertificate(topic: "t", properties: left + kept + left)
        #expect(certificate?.properties == kept)
    }

    // MARK: Options

    @Test("The option is true or false, the last one counts, and others are refused")
    func options() throws {
        func read(_ lines: (String, String)...) throws -> Bool {
            let options = PluginOptions(lines.map { PluginOptions.Element(key: $0.0, value: $0.1) })
            #expect(SparkplugAware.findings(about: options).isEmpty)
            return try SparkplugOptions(options).replacesDeathTimestamps
        }
        let key = "replace_ndeath_timestamp"
        #expect(SparkplugAware.optionNames == [key])
        #expect(try !read())
        #expect(try read((key, "true")))
        #expect(try !read((key, "true"), (key, "false")))
        for (key, value) in [(key, "yes"), (key, ""), (key, "TRUE"), ("colour", "true")] {
            let options = PluginOptions([PluginOptions.Element(key: key, value: value)])
            #expect(throws: SparkplugOptions.Fault.self) { try SparkplugOptions(options) }
            let findings = SparkplugAware.findings(about: options)
            #expect(findings.map(\.option) == [key])
            #expect(findings.map(\.code) == [.invalid])
        }
    }
}
