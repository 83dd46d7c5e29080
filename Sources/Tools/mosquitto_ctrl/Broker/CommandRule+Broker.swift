// SPDX-License-Identifier: Apache-2.0
// The commands of the module `broker`.

extension CommandRule {
    static let broker: [CommandRule] = [
        CommandRule(
            "health",
            "Broker",
            "",
            "Say whether the broker serves clients; status 0 if it does.",
            .check,
            in: .commandLine
        ),
        broker("getOverview", "Broker", "", "Show the broker at a glance, and what to look at."),
        broker(
            "listBridges",
            "Broker",
            "",
            "List the bridges, how they are, and why."
        ),
        broker("listListeners", "Broker", "", "List the broker's listeners."),
        broker("listPlugins", "Broker", "", "List the plugins the broker has loaded."),
        CommandRule(
            "reconnectBridge",
            "Broker",
            "NAME",
            "Have a bridge connect anew at once.",
            .names(["name"])
        ),
        broker(
            "saveState",
            "Broker",
            "",
            "Save sessions and retained messages now, as SIGUSR1 does."
        ),
        broker(
            "listClients",
            "Clients",
            "",
            "List clients, connected or not; patterns have * and ?.",
            options: RequestOption.clientFilter(["connected", "offline", "closed"]) + [
                .choice(
                    "--order",
                    "order",
                    ["identifier", "queued", "dropped", "connected-since"],
                    "what comes first"
                )
            ] + RequestOption.paging
        ),
        broker("getClient", "Clients", "CLIENTID", "Show one client.", fields: ["clientid"]),
        broker(
            "disconnectClient",
            "Clients",
            "[CLIENTID]",
            "Close the connection of a client, or of all that the options describe.",
            optional: "clientid",
            options: RequestOption.clientFilter + [
                .flag("--without-will", "without-will", "do not publish their wills"), .dryRun,
            ]
        ),
        broker(
            "deleteSession",
            "Clients",
            "[CLIENTID]",
            "End the session of a client, or of all that the options describe, connected or not.",
            optional: "clientid",
            options: RequestOption.clientFilter + [.dryRun]
        ),
        broker(
            "listSubscriptions",
            "Topics",
            "",
            "List subscriptions.",
            options: RequestOption.subscriptionFilter + RequestOption.paging
        ),
        broker(
            "matchTopic",
            "Topics",
            "TOPIC",
            "List the subscriptions that a message to a topic would go to.",
            fields: ["topic"],
            options: RequestOption.subscriptionFilter + RequestOption.paging
        ),
        broker(
            "listRetained",
            "Topics",
            "[FILTER]",
            "List retained messages.",
            optional: "filter",
            options: RequestOption.paging
        ),
        broker(
            "getRetained",
            "Topics",
            "TOPIC",
            "Show a retained message.",
            fields: ["topic"],
            options: [.number("--max-bytes", "max-bytes", "so much of its payload")]
        ),
        broker(
            "deleteRetained",
            "Topics",
            "FILTER",
            "Delete the retained messages of a topic, or of all that match a filter.",
            fields: ["filter"],
            options: [.dryRun]
        ),
        broker(
            "getConfiguration",
            "Configuration",
            "",
            "Show the options in force, and where they stand."
        ),
        broker(
            "checkConfiguration",
            "Configuration",
            "",
            "Say what a reload would change, or what is wrong."
        ),
        broker("reload", "Configuration", "", "Read the configuration again, as SIGHUP does."),
        broker(
            "setLogTypes",
            "Configuration",
            "",
            "Log other types of lines for a while; without types as configured.",
            options: [
                .list("--types", "types", "words of log_type, with commas"),
                .number("--seconds", "seconds", "for so long, 600 unless said"),
            ]
        ),
    ]

    /// A command whose words are fields of the request.
    private static func broker(
        _ name: String,
        _ section: String,
        _ syntax: String,
        _ summary: String,
        fields: [String] = []
    ) -> CommandRule {
        CommandRule(name, section, syntax, summary, .names(fields))
    }

    /// A command with options.
    private static func broker(
        _ name: String,
        _ section: String,
        _ syntax: String,
        _ summary: String,
        fields: [String] = [],
        optional: String? = nil,
        options: [RequestOption]
    ) -> CommandRule {
        let words = (syntax.isEmpty ? [] : [syntax]) + options.map(\.syntax)
        return CommandRule(
            name,
            section,
            words.joined(separator: " "),
            summary,
            .fields(fields, optional: optional, options)
        )
    }
}
