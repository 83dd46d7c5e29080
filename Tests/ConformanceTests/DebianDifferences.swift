// SPDX-License-Identifier: Apache-2.0
// Where Debian's broker, 2.0.11, answers a row of the tables otherwise.

/// What Debian's broker, 2.0.11, does otherwise: most of it, it closes where 2.1 and this broker tell the
/// reason first, or takes no notice of what breaks a rule.
enum DebianDifferences {
    /// Rows by table and by what is answered to them.
    static let all: [String: [String: [String]]] = [
        "first packets": [
            "nothing": [
                "v4 CONNECT of length 100001"
            ]
        ],
        "header of CONNECT": [
            "20 02 00 01, closed": [
                "v3 MQIsdp level 2", "v3 MQIsdp level 6", "v4 level 0", "v4 level 2", "v4 level 6",
            ],
            "20 09 00 00 06 22 00 0A 21 00 14": [
                "v5 MQTT level 85"
            ],
        ],
        "payload of CONNECT": [
            "20 09 00 00 06 22 00 0A 21 00 14": [
                "v5 password without username"
            ],
            "closed": [
                "v5 trailing bytes", "v5 will with an empty topic", "v5 will without message",
            ],
        ],
        "strings of CONNECT": [
            "closed": [
                "v5 client identifier: NUL", "v5 client identifier: U+0001",
                "v5 client identifier: U+001F", "v5 client identifier: U+007F",
                "v5 client identifier: U+009F", "v5 client identifier: U+1FFFE",
                "v5 client identifier: U+FDD0", "v5 client identifier: U+FFFF",
                "v5 client identifier: beyond U+10FFFF", "v5 client identifier: cut sequence",
                "v5 client identifier: last surrogate", "v5 client identifier: lone continuation",
                "v5 client identifier: overlong", "v5 client identifier: surrogate",
            ]
        ],
        "properties of CONNECT": [
            "closed": [
                "v5 assigned client identifier", "v5 authentication method twice",
                "v5 content type", "v5 correlation data", "v5 maximum QoS",
                "v5 maximum packet size 0", "v5 maximum packet size twice", "v5 message expiry",
                "v5 over-long property length", "v5 payload format", "v5 property 0",
                "v5 property length beyond the packet", "v5 reason string", "v5 receive maximum 0",
                "v5 receive maximum twice", "v5 request problem information 2",
                "v5 request problem information twice", "v5 request response information 2",
                "v5 request response information twice", "v5 response topic", "v5 retain available",
                "v5 server keep alive", "v5 server reference", "v5 session expiry twice",
                "v5 subscription identifier", "v5 topic alias", "v5 topic alias maximum twice",
                "v5 truncated session expiry", "v5 truncated user property", "v5 unknown property",
                "v5 will delay",
            ],
            "20 09 00 00 06 22 00 0A 21 00 14": [
                "v5 authentication data without method"
            ],
        ],
        "properties of wills": [
            "closed": [
                "v5 content type twice", "v5 message expiry twice", "v5 payload format twice",
                "v5 reason string", "v5 receive maximum", "v5 session expiry",
                "v5 subscription identifier", "v5 topic alias", "v5 truncated will delay",
                "v5 unknown property", "v5 will delay twice",
            ],
            "20 09 00 00 06 22 00 0A 21 00 14": [
                "v5 empty response topic", "v5 payload format 2", "v5 response topic with wildcard",
            ],
        ],
        "lengths": [
            "nothing": [
                "v3 PUBACK of length 3", "v4 PINGRESP with a body", "v4 PUBACK of length 3",
                "v4 PUBCOMP of length 3", "v4 PUBLISH of length 2000000",
                "v4 PUBLISH of length 268435455", "v4 UNSUBACK of length 3",
                "v4 reserved type, only its first byte", "v5 AUTH of length 100001",
                "v5 DISCONNECT of length 10001", "v5 PINGRESP with a body",
                "v5 PUBACK of length 10001", "v5 PUBCOMP of length 10001",
                "v5 PUBLISH of length 2000000", "v5 PUBLISH of length 268435455",
                "v5 PUBREC of length 10001", "v5 PUBREL of length 10001",
                "v5 SUBSCRIBE of length 100001", "v5 UNSUBSCRIBE of length 100001",
                "v5 reserved type, only its first byte",
            ],
            "D0 00": [
                "v4 PINGREQ with a body", "v5 PINGREQ with a body",
            ],
            "62 02 00 01": [
                "v4 PUBREC of length 3"
            ],
            "70 02 00 01": [
                "v4 PUBREL of length 3"
            ],
        ],
        "flags": [
            "D0 00": [
                "v4 flags of PINGREQ", "v5 flags of PINGREQ",
            ],
            "nothing": [
                "v4 flags of PINGRESP", "v4 flags of PUBACK", "v4 flags of PUBCOMP",
                "v4 flags of SUBACK", "v4 flags of UNSUBACK", "v5 flags of PINGRESP",
                "v5 flags of PUBACK", "v5 flags of PUBCOMP",
            ],
            "62 02 00 01": [
                "v4 flags of PUBREC", "v5 flags of PUBREC",
            ],
            "closed": [
                "v5 flags of AUTH", "v5 flags of CONNACK", "v5 flags of DISCONNECT",
                "v5 flags of PUBREL 0", "v5 flags of PUBREL 3", "v5 flags of PUBREL 6",
                "v5 flags of SUBACK", "v5 flags of UNSUBACK",
            ],
        ],
        "packets of a server": [
            "nothing": [
                "v4 PINGRESP from a client", "v4 SUBACK from a client", "v4 UNSUBACK from a client",
                "v5 PINGRESP from a client",
            ],
            "closed": [
                "v5 AUTH from a client", "v5 AUTH with method from a client",
                "v5 AUTH with reason from a client", "v5 AUTH with rubbish from a client",
                "v5 CONNACK from a client", "v5 SUBACK from a client", "v5 UNSUBACK from a client",
                "v5 empty CONNACK from a client", "v5 empty SUBACK from a client",
                "v5 empty UNSUBACK from a client",
            ],
        ],
        "PUBLISH": [
            "nothing": [
                "v4 DUP at QoS 0", "v5 DUP at QoS 0",
            ],
            "E0 01 82, closed": [
                "v5 empty topic", "v5 topic: 201 slashes", "v5 topic: 65535 slashes",
                "v5 topic: inner wildcard", "v5 topic: wildcard #", "v5 topic: wildcard +",
            ],
        ],
        "properties of PUBLISH": [
            "closed": [
                "v5 content type twice", "v5 correlation data twice", "v5 message expiry twice",
                "v5 payload format twice", "v5 response topic twice", "v5 two topic aliases",
            ],
            "40 03 00 07 10": [
                "v5 empty response topic", "v5 payload format 2", "v5 response topic with wildcard",
                "v5 subscription identifier",
            ],
            "E0 01 81, closed": [
                "v5 maximum QoS", "v5 reason string", "v5 receive maximum", "v5 server keep alive",
                "v5 session expiry", "v5 topic alias 0", "v5 will delay",
            ],
        ],
        "unasked acknowledgements": [
            "closed": [
                "v5 PUBACK id 0", "v5 PUBCOMP id 0", "v5 PUBREC id 0", "v5 PUBREL id 0",
            ]
        ],
        "malformed acknowledgements": [
            "closed": [
                "v5 PUBACK of length 0", "v5 PUBACK of length 1", "v5 PUBACK, payload format",
                "v5 PUBACK, property length too large", "v5 PUBACK, reason string twice",
                "v5 PUBACK, session expiry", "v5 PUBACK, topic alias",
                "v5 PUBACK, truncated reason string", "v5 PUBACK, unknown property",
                "v5 PUBCOMP of length 0", "v5 PUBCOMP of length 1", "v5 PUBCOMP, payload format",
                "v5 PUBCOMP, property length too large", "v5 PUBCOMP, reason string twice",
                "v5 PUBCOMP, session expiry", "v5 PUBCOMP, topic alias",
                "v5 PUBCOMP, truncated reason string", "v5 PUBCOMP, unknown property",
                "v5 PUBREC of length 0", "v5 PUBREC of length 1", "v5 PUBREC, payload format",
                "v5 PUBREC, property length too large", "v5 PUBREC, reason string twice",
                "v5 PUBREC, session expiry", "v5 PUBREC, topic alias",
                "v5 PUBREC, truncated reason string", "v5 PUBREC, unknown property",
                "v5 PUBREL of length 0", "v5 PUBREL of length 1", "v5 PUBREL, payload format",
                "v5 PUBREL, property length too large", "v5 PUBREL, reason string twice",
                "v5 PUBREL, session expiry", "v5 PUBREL, topic alias",
                "v5 PUBREL, truncated reason string", "v5 PUBREL, unknown property",
            ],
            "nothing": [
                "v5 PUBACK, bytes after the properties", "v5 PUBACK, reason 01",
                "v5 PUBACK, reason FF", "v5 PUBCOMP, bytes after the properties",
                "v5 PUBCOMP, reason 01", "v5 PUBCOMP, reason FF", "v5 PUBREC, reason FF",
            ],
            "62 02 00 01": [
                "v5 PUBREC, bytes after the properties", "v5 PUBREC, reason 01",
            ],
            "70 02 00 01": [
                "v5 PUBREL, bytes after the properties", "v5 PUBREL, reason 01",
                "v5 PUBREL, reason FF",
            ],
        ],
        "reasons of acknowledgements": [
            "nothing": [
                "v5 PUBCOMP reason 20", "v5 PUBCOMP reason 80",
            ],
            "70 02 00 01": [
                "v5 PUBREL reason 80"
            ],
        ],
        "filters": [
            "90 03 00 09 00": [
                "v4 share name with +", "v4 share with an empty filter", "v4 share without filter",
            ],
            "90 04 00 09 00 00": [
                "v5 share name with +", "v5 share with an empty filter", "v5 share with no-local",
                "v5 share without filter",
            ],
        ],
        "properties of SUBSCRIBE": [
            "closed": [
                "v5 two subscription identifiers"
            ]
        ],
        "DISCONNECT": [
            "closed": [
                "v5 payload format", "v5 reason string twice", "v5 receive maximum",
                "v5 session expiry twice", "v5 topic alias", "v5 truncated session expiry",
                "v5 unknown property", "v5 will delay",
            ]
        ],
    ]

    /// The answer to each row of a table that has another one.
    static func answers(in table: String) -> [String: String] {
        let listed = (all[table] ?? [:]).flatMap { answer, rows in rows.map { ($0, answer) } }
        return Dictionary(uniqueKeysWithValues: listed)
    }
}
