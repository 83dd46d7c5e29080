// SPDX-License-Identifier: Apache-2.0
// What the tools are compared by.

import Testing

/// One script for both families of tools: `$PUB`, `$SUB` and `$RR` are the programs with host and port,
/// `$BARE_…` those without.
struct CompareRow: Sendable, CustomTestStringConvertible {
    let script: String
    /// What ours prints where it differs from Debian's 2.0.11, with the reason in the table.
    var output: String?
    /// The same on standard error.
    var errors: String?
    /// The exit status, if it differs.
    var status: Int32?

    init(_ script: String, output: String? = nil, errors: String? = nil, status: Int32? = nil) {
        self.script = script
        self.output = output
        self.errors = errors
        self.status = status
    }

    var testDescription: String { script }
}

extension CompareRow {
    /// Every row; topics and identifiers are no other row's.
    static let all = printing + publishing + subscribing + requests + connecting

    private static let withoutTime =
        #"sed 's/"tst":"[^"]*",//; s/,"message-expiry-interval":[0-9]*//'"#
    private static let everything =
        #"$PUB -V 5 -t c/all -r -m '{"a":[1,2.5,true,null,"x"]}' -q 1 -D publish content-type ct "#
        + "-D publish correlation-data de -D publish payload-format-indicator 1 "
        + "-D publish message-expiry-interval 600 -D publish response-topic rt "
        + "-D publish user-property k v -D publish user-property k2 w; "

    private static let printing: [CompareRow] = [
        CompareRow("$PUB -t c/1 -r -m hello; $SUB -t c/1 -C 1; $SUB -t c/1 -C 1 -v"),
        CompareRow("$PUB -t c/2 -r -m hello; $SUB -t c/2 -C 1 -N; $SUB -t c/2 -C 1 -v -N"),
        CompareRow(
            everything
                + "for f in %A %C %D %F %P %R %t %p %q %r %l %m '%5A|%5C|%5F|%05F|%-5F|%3A|' %5t "
                + "%-9t: %.2t %6.2t %3l %03l %-4l: %05l %x %X '\\\\\\t\\n\\a\\r\\e\\v' '@@@%%' "
                + "'%5p:' '%40p:' '%-40p:' '%040p:' '%C %R' '@Y-@m-@d'; "
                + "do $SUB -V 5 -t c/all -C 1 -F \"$f\"; done"
        ),
        CompareRow(
            everything + "$SUB -V 5 -t c/all -C 1 -D subscribe subscription-identifier 7 "
                + "-F '%S|%5S|%05S|%-5S|'"
        ),
        // In 2.0.11 retain is a number, and user properties are one object.
        CompareRow(
            everything + "$SUB -V 5 -t c/all -C 1 -F '%J' | " + withoutTime,
            output: #"{"topic":"c/all","qos":0,"retain":true,"payloadlen":27,"properties":"#
                + #"{"content-type":"ct","correlation-data":"de","payload-format-indicator":1,"#
                + #""response-topic":"rt","user-properties":[{"k":"v"},{"k2":"w"}]"#
                + #"},"payload":{"a":[1,2.5,true,null,"x"]}}"# + "\n"
        ),
        CompareRow(
            "$PUB -t c/3 -r -m hello; $SUB -t c/3 -C 1 -F '%j' | " + withoutTime,
            output: #"{"topic":"c/3","qos":0,"retain":true,"payloadlen":5,"payload":"hello"}"#
                + "\n"
        ),
        CompareRow("$PUB -t c/4 -r -m hello; $SUB -t c/4 -C 1 -F '<%J|%t>'"),
        CompareRow("$PUB -t c/5 -r -f /etc/passwd; $SUB -t c/5 -C 1 -N"),
        // 2.0.11 knows neither separators nor numbers.
        CompareRow(
            "$PUB -t c/6 -r -m xyz; $SUB -t c/6 -C 1 -F '%.2:x'",
            output: "78:79:7a\n",
            errors: "",
            status: 0
        ),
        CompareRow(
            "printf '\\0\\0\\0\\0\\0\\0\\4@' | $PUB -t c/7 -r -s; $SUB -t c/7 -C 1 -F '%d %.1d'",
            output: "2.500000 2.5\n",
            errors: "",
            status: 0
        ),
    ]

    private static let publishing: [CompareRow] = [
        CompareRow("$PUB -t c/10 -q 2 -m hello -d -i c10"),
        CompareRow("$PUB -t c/11 -q 1 -m hello -d -i c11 -V 5"),
        CompareRow("$PUB -t c/12 -q 0 -m hello -d -i c12 -V 5 --repeat 3"),
        CompareRow("$PUB -t c/13 -q 1 -n -d -i c13 --repeat 2 --repeat-delay 0.05"),
        CompareRow(
            "$SUB -i c14 -c -q 1 -t c/14 -E; printf 'a\\n\\nb' | $PUB -t c/14 -l -q 1; "
                + "$SUB -i c14 -c -q 1 -t c/14 -C 3 -F '%p|'"
        ),
        CompareRow("printf 'whole\\ninput\\n' | $PUB -t c/15 -s -r; $SUB -t c/15 -C 1"),
        CompareRow("$PUB -t c/16 -s </dev/null"), CompareRow("$PUB -t c/16 -l </dev/null"),
        CompareRow("$PUB -t c/16 -f /nonexistent"),
        CompareRow("$PUB -t c/17 -r -f /dev/null -d -i c17"),
        CompareRow("$PUB -t '' -m x -i c18"),
        CompareRow("$PUB -t c/19 -m x -M 5 -q 1 -d -i c19 --nodelay"),
        // 2.0.11 prints (null) where there is no topic.
        CompareRow(
            "$PUB -V 5 -t c/20 -m x -D publish topic-alias 4 --repeat 2 -d -i c20",
            output: """
                Client c20 sending CONNECT
                Client c20 received CONNACK (0)
                Client c20 sending PUBLISH (d0, q0, r0, m1, 'c/20', ... (1 bytes))
                Client c20 sending PUBLISH (d0, q0, r0, m2, '', ... (1 bytes))
                Client c20 sending DISCONNECT

                """
        ),
        CompareRow(
            "$PUB --will-topic w/1 --will-payload gone --will-qos 1 --will-retain -t c/21 -m x -d -i c21"
        ),
    ]

    private static let subscribing: [CompareRow] = [
        CompareRow("$PUB -t c/30 -r -m x; $SUB -t c/30 -C 1 -d -i c30"),
        CompareRow("$PUB -t c/31 -r -q 1 -m x; $SUB -t c/31 -C 1 -d -i c31 -V 5 -q 1"),
        CompareRow("$PUB -t c/32 -r -m x; $SUB -t c/32 -C 1 -d -i c32 -V 31"),
        CompareRow("$PUB -t c/33 -r -m x; $SUB -t c/33 -R -W 1; $SUB -V 5 -t c/33 -R -W 1"),
        CompareRow(
            "$PUB -t c/34/a -r -m x; $PUB -t c/34/b -r -m y; $SUB -t 'c/34/#' -T c/34/a -C 1 -v"
        ),
        CompareRow("$PUB -t c/35 -r -m x; $SUB -t 'c/35/#' --retained-only -W 1 -v"),
        CompareRow("$SUB -t c/36 -E -d -i c36"),
        CompareRow("$SUB -t c/37 -t c/38 -q 1 -E -d -i c37"),
        CompareRow("$SUB -t c/39 -W 1"), CompareRow("$SUB -t c/40 -U c/40 -d -i c40 -W 1"),
        // 2.0.11 wants a subscription.
        CompareRow(
            "$SUB -U c/41 -d -i c41 -W 1",
            output: """
                Client c41 sending CONNECT
                Client c41 received CONNACK (0)
                Client c41 sending UNSUBSCRIBE (Mid: 1, Topic: c/41)
                Client c41 received UNSUBACK
                Client c41 sending DISCONNECT

                """,
            errors: "Timed out\n",
            status: 27
        ),
        CompareRow(
            "$PUB -t c/42 -r -m x; $SUB -t c/42 --remove-retained -C 1 -i c42 -d; $SUB -t c/42 -W 1"
        ),
        CompareRow(
            "$SUB -i c43 -c -q 1 -t c/43 -E; $PUB -t c/43 -q 1 -m one; $PUB -t c/43 -q 1 -m two; "
                + "$SUB -i c43 -c -q 1 -t c/43 -C 2 -F '%p %q'; $SUB -i c43 -c -q 1 -t c/43 -W 1; "
                + "$SUB -i c43 -t c/43 -E"
        ),
        CompareRow(
            "$SUB -i c44 -c -q 2 -t c/44 -E; $PUB -t c/44 -q 2 -m one; "
                + "$SUB -i c44 -c -q 2 -t c/44 -C 1 -F '%p %q'; $SUB -i c44 -c -q 2 -t c/44 -W 1; "
                + "$SUB -i c44 -t c/44 -E"
        ),
        CompareRow("$SUB -t c/45 -k 5 -W 7 -d -i c45"),
        CompareRow("$SUB -V 5 -x 0 -c -t c/46 -i c46 -E -d"),
    ]

    private static let requests: [CompareRow] = [
        CompareRow("$RR -t c/50 -e c/50 -m hi"), CompareRow("$RR -t c/51 -e c/51 -m hi -V 311 -v"),
        CompareRow("$RR -t c/52 -e c/53 -m hi -W 1"), CompareRow("$RR -t c/54 -e c/54 -n -v"),
        CompareRow("$RR -t c/55 -e c/55 -m hi -F '%t %R %p' -D publish correlation-data x"),
        // 2.0.11 sends DISCONNECT, but does not say so.
        CompareRow(
            "$RR -t c/56 -e c/56 -m hi -d -i c56",
            output: """
                Client c56 sending CONNECT
                Client c56 received CONNACK (0)
                Client c56 sending SUBSCRIBE (Mid: 1, Topic: c/56, QoS: 0, Options: 0x00)
                Client c56 received SUBACK
                Client c56 sending PUBLISH (d0, q0, r0, m2, 'c/56', ... (2 bytes))
                Client c56 received PUBLISH (d0, q0, r0, m0, 'c/56', ... (2 bytes))
                hi
                Client c56 sending DISCONNECT

                """
        ),
    ]

    private static let connecting: [CompareRow] = [
        CompareRow("$BARE_PUB -p 1 -t a -m b"), CompareRow("$BARE_SUB -p 1 -t a"),
        CompareRow("$BARE_RR -p 1 -t a -e b -m c"), CompareRow("$BARE_PUB -p 1 -t a -m b --quiet"),
        CompareRow("$BARE_PUB -p 1 -t a -l </dev/null"),
        // 2.0.11 has a full stop there.
        CompareRow(
            "$BARE_PUB -h nonexistent.invalid -t a -m b",
            errors: "Unable to connect (Lookup error).\n"
        ),
        CompareRow("$BARE_PUB --unix /nonexistent/socket -t a -m b"),
        CompareRow("$BARE_PUB -L mqtt://u:p@127.0.0.1:$PORT/c/60 -m x -d -i c60"),
        CompareRow("$BARE_SUB -L mqtt://127.0.0.1:$PORT/c/61 -t c/62 -E -d -i c61"),
        CompareRow("$PUB -A 127.0.0.1 -t c/63 -m b -d -i c63"),
        CompareRow("$PUB -t c/64 -m b -c -i c64 -V 5 -x 5 -d"),
        CompareRow("$PUB -t c/65 -m b --cafile /nonexistent"),
        CompareRow("$PUB -t c/66 -m b -P x"),
    ]
}
