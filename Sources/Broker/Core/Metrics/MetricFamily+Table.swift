// SPDX-License-Identifier: Apache-2.0
// The table of all metrics: process, broker, clients, messages.

/// docs/monitoring.md has the same table with what each is good for; a test compares the two.
extension MetricFamily {
    // MARK: Process and broker

    static let build = gauge(
        "mosquitto_build_info",
        ["version"],
        "Always 1; the version as a label"
    )
    static let cpu = counter("process_cpu_seconds_total", "Processor time used, in seconds")
    static let resident = gauge("process_resident_memory_bytes", "Resident memory, in bytes")
    static let virtual = gauge("process_virtual_memory_bytes", "Virtual memory, in bytes")
    static let openDescriptors = gauge("process_open_fds", "Open file descriptors")
    static let descriptorMax = gauge("process_max_fds", "Most file descriptors that may be open")
    static let threads = gauge("process_threads", "Threads of the process")
    static let startTime = gauge(
        "process_start_time_seconds",
        "Start of the process, in seconds since 1970"
    )
    static let ready = gauge("mosquitto_ready", "Whether clients should be sent here")
    static let uptime = gauge("mosquitto_uptime_seconds", "Seconds since the start")
    static let reloadGood = gauge(
        "mosquitto_config_last_reload_successful",
        "Whether the configuration was read without an error the last time"
    )
    static let reloadedAt = gauge(
        "mosquitto_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read, in seconds since 1970"
    )
    static let heap = gauge("mosquitto_heap_bytes", "Heap in use, in bytes")
    static let heapMax = gauge(
        "mosquitto_heap_maximum_bytes",
        "The most heap seen in use, in bytes"
    )
    static let memoryLimit = gauge(
        "mosquitto_memory_limit_bytes",
        "The option memory_limit, in bytes; 0 is unlimited"
    )

    // MARK: Clients

    static let sessions = gauge("mosquitto_sessions", "Sessions, with and without a client")
    static let clients = gauge(
        "mosquitto_clients_connected",
        ["protocol_version"],
        "Clients that have been let in and are there"
    )
    static let clientsMax = gauge(
        "mosquitto_clients_connected_maximum",
        "The most connections of clients there were at a time"
    )
    static let clientsOffline = gauge("mosquitto_clients_offline", "Sessions without a client")
    static let clientsSlow = gauge(
        "mosquitto_clients_slow",
        "Clients whose sockets take no more at the moment"
    )
    static let clientsParked = gauge(
        "mosquitto_clients_parked",
        "Clients that are not read from until others have caught up"
    )
    static let connects = counter("mosquitto_connects_total", "Clients that were let in")
    static let disconnects = counter(
        "mosquitto_disconnects_total",
        ["reason"],
        "Connections of clients that have ended, let in or not"
    )
    static let sessionsCreated = counter("mosquitto_sessions_created_total", "Sessions begun")
    static let sessionsResumed = counter(
        "mosquitto_sessions_resumed_total",
        "Sessions that a client has come back to"
    )
    static let sessionsTakenOver = counter(
        "mosquitto_sessions_taken_over_total",
        "Connections that gave way to another one with the same client identifier"
    )
    static let sessionsExpired = counter(
        "mosquitto_sessions_expired_total",
        "Sessions that ended because their expiry interval was over"
    )
    static let protocolErrors = counter(
        "mosquitto_protocol_errors_total",
        ["packet"],
        "Packets that were malformed or forbidden"
    )

    // MARK: Messages

    static let subscriptions = gauge("mosquitto_subscriptions", "Subscriptions that are not shared")
    static let sharedSubscriptions = gauge(
        "mosquitto_shared_subscriptions",
        "Members of all shared subscriptions"
    )
    static let sharedGroups = gauge("mosquitto_shared_groups", "Shared subscriptions")
    static let published = counter(
        "mosquitto_publish_received_total",
        ["qos"],
        "PUBLISH packets received"
    )
    static let delivered = counter("mosquitto_publish_sent_total", ["qos"], "PUBLISH packets sent")
    static let publishedBytes = counter(
        "mosquitto_publish_received_bytes_total",
        "Payload bytes of PUBLISH packets received"
    )
    static let deliveredBytes = counter(
        "mosquitto_publish_sent_bytes_total",
        "Payload bytes of PUBLISH packets sent"
    )
    static let unrouted = counter(
        "mosquitto_publish_unrouted_total",
        "Publications of clients that matched no subscription"
    )
    static let dropped = counter(
        "mosquitto_publish_dropped_total",
        ["reason"],
        "Messages lost, to one receiver or to all"
    )
    static let packetsReceived = counter(
        "mosquitto_packets_received_total",
        ["type"],
        "Control packets received"
    )
    static let packetsSent = counter(
        "mosquitto_packets_sent_total",
        ["type"],
        "Control packets sent"
    )
    static let bytesReceived = counter(
        "mosquitto_received_bytes_total",
        "Bytes of packets received"
    )
    static let bytesSent = counter("mosquitto_sent_bytes_total", "Bytes of packets sent")
    static let stored = gauge("mosquitto_messages_stored", "Messages in memory")
    static let storedBytes = gauge("mosquitto_messages_stored_bytes", "Bytes of their payloads")
    static let queued = gauge("mosquitto_messages_queued", "Messages never sent to their client")
    static let queuedBytes = gauge("mosquitto_messages_queued_bytes", "Bytes of their payloads")
    static let inflight = gauge(
        "mosquitto_messages_inflight",
        ["direction"],
        "QoS 1 and 2 messages under way"
    )
    static let retained = gauge("mosquitto_retained_messages", "Retained messages")
    static let retainedBytes = gauge("mosquitto_retained_bytes", "Bytes of their payloads")
    static let willsPending = gauge(
        "mosquitto_wills_pending",
        "Wills of clients that have left, still to be published"
    )
    static let willsPublished = counter("mosquitto_wills_published_total", "Wills published")
    static let outputPackets = gauge(
        "mosquitto_output_waiting_packets",
        "Packets that wait for their sockets"
    )
    static let outputBytes = gauge(
        "mosquitto_output_waiting_bytes",
        "Bytes that wait for their sockets"
    )
    static let deliverySeconds = histogram(
        "mosquitto_delivery_seconds",
        ["qos"],
        "From reading a message to handing it to the socket, of one in 64"
    )
}
