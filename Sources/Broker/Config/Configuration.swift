// SPDX-License-Identifier: Apache-2.0
// The whole configuration of the broker as one value.

package import Log

/// The whole configuration of the broker: one value, read once and replaced as a whole on reload.
///
/// Properties are named after their options. What an option means is documented in
/// `docs/configuration.md`; the comments here give units and the meaning of special values.
package struct Configuration: Sendable, Equatable {
    // MARK: General

    /// Whether a v3 client with overlapping subscriptions gets a message once for each of them.
    package var allowDuplicateMessages = true
    /// Seconds (or changes, with `autosaveOnChanges`) between saves; 0 saves only at exit.
    package var autosaveInterval = 1800
    /// Whether `autosaveInterval` counts changes.
    package var autosaveOnChanges = false
    /// Whether a retained message's publisher must still be allowed to write when it is delivered.
    package var checkRetainSource = false
    /// The prefix every client identifier must have; nil allows all.
    package var clientidPrefixes: String?
    /// What this broker is called among brokers whose bridges make rings; nil: messages are not marked.
    package var bridgeLoopProtection: String?
    /// Whether connects and disconnects are logged.
    package var connectionMessages = true
    /// Whether `$CONTROL/broker/v1` answers.
    package var enableControlApi = false
    /// Where it is written down what was changed through control topics of the broker; nil: only in the log.
    package var auditFile: String?
    /// Most sessions, connected or not; zero or less is unlimited.
    package var globalMaxClients = -1
    /// Most open connections on all listeners; zero or less is unlimited.
    package var globalMaxConnections = -1
    /// Most payload bytes in flight per client; 0 is unlimited.
    package var maxInflightBytes = 0
    /// Most QoS 1 and 2 messages in flight per client; 0 is unlimited.
    package var maxInflightMessages = 20
    /// Longest keep alive in seconds; 0 allows any.
    package var maxKeepalive = 0
    /// Largest control packet accepted, in bytes.
    package var maxPacketSize = 2_000_000
    /// Most payload bytes queued per client; 0 is unlimited.
    package var maxQueuedBytes = 0
    /// Most messages queued per client; 0 is unlimited.
    package var maxQueuedMessages = 1000
    /// Most subscriptions per client; 0 is unlimited.
    package var maxSubscriptions = 1_000_000
    /// Most heap bytes; 0 is unlimited.
    package var memoryLimit = 0
    /// Largest payload of a PUBLISH in bytes; 0 is unlimited.
    package var messageSizeLimit = 0
    /// Largest HTTP request head on WebSocket listeners, in bytes.
    package var packetBufferSize = 4096
    /// Where the process id is written.
    package var pidFile: String?
    /// Whether QoS 0 messages are queued for disconnected clients.
    package var queueQoS0Messages = false
    /// Whether retained messages are supported.
    package var retainAvailable = true
    /// Minutes between sweeps of expired retained messages; 0 never sweeps.
    package var retainExpiryInterval = 0
    /// Whether accepted TCP connections get TCP_NODELAY.
    package var setTcpNodelay = false
    /// Seconds between publications below `$SYS`; 0 switches them off.
    package var sysInterval = 10
    /// Whether messages are delivered at the QoS of the subscription even if published at a lower one.
    package var upgradeOutgoingQoS = false
    /// The user to run as when started by root.
    package var user = "mosquitto"

    // MARK: Our own

    /// Number of reactors, 1...64; nil is one per core.
    package var workerThreads: Int?
    /// Whether reactors share a thread while their work fits there.
    package var workerGathering = true
    /// Seconds a plugin may take to finish a delayed authentication.
    package var authTimeout = 30
    /// Logins of one address that may be undecided at a time; 0: any number.
    package var maxPendingLogins = 100
    /// Milliseconds after which a plugin callback is reported as slow; 0 never reports.
    package var pluginSlowCallbackMs = 100

    /// Connections that have ended and are remembered, with the reason.
    package var connectionHistory = 1000

    // MARK: Security, log, persistence

    /// Whether the security options belong to the listener above them.
    package var perListenerSettings = false
    /// The security options that apply to every listener.
    package var security = SecurityConfiguration()
    /// The options of the log.
    package var logging = LogConfiguration()
    /// Whether sessions and retained messages are kept beyond the end of the broker.
    package var persistence = false
    /// The file name of the snapshot database.
    package var persistenceFile = "mosquitto.db"
    /// The directory of the database and the session log; nil is the current directory.
    package var persistenceLocation: String?
    /// What `MOSQUITTO_PERSISTENCE_LOCATION` said at start; counts instead of `persistenceLocation`.
    package var persistenceLocationOverride: String?
    /// When what is recorded in the session log is safe.
    package var persistenceFsync = PersistenceFsync.everysec
    /// Whether there is a session log beside the snapshot database.
    package var persistenceLog = true
    /// Bytes of records that may wait for the writer, for each reactor.
    package var persistenceBuffer = 16 << 20
    /// Most seconds the session of a disconnected client is kept; nil keeps it as long as it asks.
    package var persistentClientExpiration: Int?

    // MARK: Parts

    /// The listeners in the order of the file.
    package var listeners: [ListenerConfiguration] = []
    /// The bridges in the order of the file.
    package var bridges: [BridgeConfiguration] = []
    /// The plugins in the order of the file; `plugin_load` alone attaches a plugin to nothing.
    package var plugins: [PluginConfiguration] = []

    // MARK: About the file

    /// Whether nothing opened a listener, so that only loopback addresses are served.
    package var isLocalOnly = false
    /// The file the configuration came from; nil if there was none.
    package var configFile: String?
    /// Where each option stands.
    package var places = OptionPlaces()

    /// The configuration of an empty file, before local-only listeners are added.
    package init() {}

    /// The path of the snapshot database.
    ///
    /// The session log is the directory of the same name with `.log`.
    package var persistencePath: String {
        guard let directory = persistenceDirectory else { return persistenceFile }
        return "\(directory)/\(persistenceFile)"
    }

    /// The directory of database and session log, of which plugins are told as well; nil is the
    /// current directory.
    package var persistenceDirectory: String? {
        persistenceLocationOverride ?? persistenceLocation
    }

    /// Whether clients without username may use `listener`, before plugins are asked.
    package func allowsAnonymous(on listener: ListenerConfiguration) -> Bool {
        if let own = listener.security.allowAnonymous { return own }
        if !perListenerSettings, let global = security.allowAnonymous { return global }
        return isLocalOnly
    }

    /// Whether `listener` accepts CONNECT packets with an empty client identifier.
    package func allowsZeroLengthClientid(on listener: ListenerConfiguration) -> Bool {
        (perListenerSettings ? listener.security : security).allowZeroLengthClientid
    }

    /// The prefix of client identifiers made for clients of `listener`.
    package func autoIdPrefix(on listener: ListenerConfiguration) -> String {
        listener.security.autoIdPrefix ?? (perListenerSettings ? nil : security.autoIdPrefix)
            ?? "auto-"
    }
}

/// The security options: once for the broker, and once for each listener.
package struct SecurityConfiguration: Sendable, Equatable {
    /// The file of access rules.
    package var aclFile: String?
    /// Whether clients without username are welcome; nil if not said.
    package var allowAnonymous: Bool?
    /// Whether an empty client identifier is welcome.
    package var allowZeroLengthClientid = true
    /// The prefix of client identifiers the broker makes; nil if not said.
    package var autoIdPrefix: String?
    /// The file of users and password hashes.
    package var passwordFile: String?
    /// The file of pre-shared keys.
    package var pskFile: String?

    /// No file, nothing said.
    package init() {}
}
