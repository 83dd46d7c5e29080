// SPDX-License-Identifier: Apache-2.0
// The table of all metrics, continued: listeners, reactors, access, plugins, disk, log, HTTP.

extension MetricFamily {
    // MARK: Listeners

    private static let listenerLabels = ["listener", "protocol"]

    static let listenerConnections = gauge(
        "mosquitto_listener_connections",
        listenerLabels,
        "Connections of a listener"
    )
    static let listenerLimit = gauge(
        "mosquitto_listener_connections_limit",
        listenerLabels,
        "Its option max_connections; -1 is unlimited"
    )
    static let listenerAccepted = counter(
        "mosquitto_listener_accepted_total",
        listenerLabels,
        "Connections it has served"
    )
    static let listenerRejected = counter(
        "mosquitto_listener_rejected_total",
        listenerLabels + ["reason"],
        "Connections it has turned away"
    )
    static let handshakes = counter(
        "mosquitto_tls_handshakes_total",
        listenerLabels + ["result"],
        "TLS handshakes that came to an end"
    )
    static let handshakeSeconds = histogram(
        "mosquitto_tls_handshake_seconds",
        listenerLabels,
        "How long TLS handshakes took that were done"
    )
    static let certificateEnd = gauge(
        "mosquitto_certificate_not_after_timestamp_seconds",
        ["object", "kind"],
        "The end of a certificate, in seconds since 1970"
    )

    // MARK: Reactors

    static let reactorBusy = counter(
        "mosquitto_reactor_busy_seconds_total",
        ["reactor"],
        "Time spent in turns"
    )
    static let reactorTurn = histogram(
        "mosquitto_reactor_turn_seconds",
        ["reactor"],
        "How long turns take"
    )
    static let reactorBacklog = gauge(
        "mosquitto_reactor_backlog_bytes",
        ["reactor"],
        "What others have sent it and it has not delivered"
    )
    static let reactorClients = gauge(
        "mosquitto_reactor_clients",
        ["reactor"],
        "Connections it serves"
    )

    // MARK: Access

    static let authentications = counter(
        "mosquitto_authentications_total",
        ["result", "method"],
        "Logins that were decided about or given up"
    )
    static let authenticationsPending = gauge(
        "mosquitto_authentications_pending",
        "Logins under way"
    )
    static let authorizations = counter(
        "mosquitto_authorizations_total",
        ["access", "result", "decider"],
        "Decisions about access, but for what nobody had to be asked about"
    )

    // MARK: Plugins

    static let plugin = gauge(
        "mosquitto_plugin_info",
        ["plugin", "version"],
        "Always 1; plugins that are loaded"
    )
    static let pluginCalls = counter(
        "mosquitto_plugin_calls_total",
        ["plugin", "event"],
        "Calls of plugins"
    )
    static let pluginErrors = counter(
        "mosquitto_plugin_errors_total",
        ["plugin", "event"],
        "Calls whose results no rule foresees"
    )
    static let pluginSeconds = counter(
        "mosquitto_plugin_call_seconds_total",
        ["plugin", "event"],
        "Time spent in them"
    )
    static let pluginSlow = counter(
        "mosquitto_plugin_slow_calls_total",
        ["plugin", "event"],
        "Calls that took longer than plugin_slow_callback_ms"
    )
    static let pluginProcess = gauge(
        "mosquitto_plugin_process_running",
        ["plugin"],
        "1 while the process of a plugin that has its own answers, else 0"
    )
    static let pluginRestarts = counter(
        "mosquitto_plugin_process_restarts_total",
        ["plugin"],
        "Processes of plugins that were started in the place of others"
    )
    static let pluginMemory = gauge(
        "mosquitto_plugin_process_memory_bytes",
        ["plugin"],
        "Memory that they have for themselves"
    )
    static let pluginPending = gauge(
        "mosquitto_plugin_process_pending",
        ["plugin"],
        "Questions that they have yet to answer"
    )
    static let pluginFailed = counter(
        "mosquitto_plugin_process_failed_answers_total",
        ["plugin"],
        "Questions that were answered by plugin_failure instead"
    )
    static let laneWaiting = gauge(
        "mosquitto_plugin_lane_waiting",
        "What waits for the plugin thread"
    )
    static let laneWait = histogram(
        "mosquitto_plugin_lane_wait_seconds",
        "How long the first of each batch waited for the plugin thread"
    )

    // MARK: Persistence

    static let restoreSeconds = gauge(
        "mosquitto_persistence_restore_seconds",
        "How long the start took to bring back what was kept"
    )
    static let restored = counter(
        "mosquitto_persistence_restored_total",
        ["object"],
        "What the start has brought back"
    )
    static let checkpointAt = gauge(
        "mosquitto_persistence_last_checkpoint_timestamp_seconds",
        "When state was last written as a whole, in seconds since 1970; 0: not yet"
    )
    static let logBytes = gauge("mosquitto_persistence_log_bytes", "Bytes of the session log")
    static let persistenceErrors = counter(
        "mosquitto_persistence_errors_total",
        "What could not be written"
    )
    static let syncSeconds = histogram(
        "mosquitto_persistence_sync_seconds",
        "How long the disk took to make the session log safe"
    )
    static let writable = gauge(
        "mosquitto_persistence_writable",
        "Whether what has to be recorded can be"
    )

    // MARK: Log and HTTP

    static let logLines = counter("mosquitto_log_lines_total", ["level"], "Log lines written")
    static let logLinesLost = counter(
        "mosquitto_log_lines_lost_total",
        "Log lines that a destination has not taken"
    )
    static let httpRequests = counter(
        "mosquitto_http_requests_total",
        ["handler", "code"],
        "Answers to HTTP requests"
    )
}
