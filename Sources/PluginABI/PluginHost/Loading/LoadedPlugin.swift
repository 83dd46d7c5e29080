// SPDX-License-Identifier: Apache-2.0
// A plugin in the process: who it is, where it is asked, what it was given.

import CMosquitto
import Config
import Glibc
import Synchronization

/// The options of a plugin as C sees them: an array and its strings that stay where they are for
/// the life of the process, as plugins keep pointers to them.
///
/// `@unchecked Sendable`: nothing is written after `init`.
final class OptionArray: @unchecked Sendable {
    /// The first element; not nil even when there is none.
    let start: UnsafeMutablePointer<mosquitto_opt>
    let count: CInt

    init(_ options: [PluginConfiguration.Option]) {
        start = .allocate(capacity: max(1, options.count))
        start.initialize(repeating: mosquitto_opt(), count: max(1, options.count))
        for (index, option) in options.enumerated() {
            start[index].key = strdup(option.key)
            start[index].value = strdup(option.value)
        }
        count = CInt(options.count)
    }
}

/// A plugin in the process, which it never leaves.
///
/// `@unchecked Sendable`: names are behind a mutex; `identifier` points to memory that is written
/// under the same mutex; everything else is constant once the plugin is initialised.
final class LoadedPlugin: @unchecked Sendable {
    /// Names as the plugin gave them.
    private struct Info {
        var name: String?
        var version: String?
        /// `$CONTROL` topics registered while it had a name.
        var topics: [String] = []
    }

    /// The memory behind `mosquitto_plugin_id_t`: the name as a C string, which some bindings read.
    let identifier: UnsafeMutableRawPointer
    let path: String
    /// Listeners it is asked on; nil for all clients.
    let listeners: [Int]?
    let options: OptionArray
    /// What RELOAD events of a built-in file carry: its option may name another file by now.
    private let reloadOptionArray: Mutex<OptionArray>
    /// It stands for `password_file` or `acl_file`: asked before all others.
    let isBuiltIn: Bool
    /// Its callbacks may be called on any thread.
    let isDirect: Bool
    /// Its answers about access depend on client and topic alone.
    let decidesByTopic: Bool
    /// What it says of itself in `mosquitto_plugin_thread_safe`.
    var flags: CInt { statedFlags.load(ordering: .relaxed) }
    private let statedFlags: Atomic<CInt>
    /// It is asked about clients that have proven who they are without a password.
    var confirms: Bool { flags & Self.confirming != 0 }
    /// Whether it has answered an authentication by ticket; then it always does.
    private let hasUsedTickets: Atomic<Bool>
    let statistics: CallbackStatistics
    /// How it is initialised and cleaned up.
    let interface: PluginInterface?
    /// What it is asked through if it runs in a process of its own.
    let isolated: IsolatedPlugin?
    /// The order of loading.
    let loadNumber: Int
    /// What a plugin of version 5 stored when it was initialised; only on the plugin thread.
    var userData: UnsafeMutableRawPointer?

    private let info: Mutex<Info>
    private static let nameBytesMax = 255
    private static let threadSafe = CInt(MOSQ_PLUGIN_THREAD_SAFE.rawValue)
    private static let confirming = CInt(MOSQ_PLUGIN_AUTH_CONFIRMS.rawValue)
    private static let byTopic = CInt(MOSQ_PLUGIN_ACL_BY_TOPIC.rawValue)

    private static let lastLoadNumber = Atomic<Int>(0)

    /// A plugin in this process.
    convenience init(
        _ configuration: PluginConfiguration,
        interface: PluginInterface,
        isBuiltIn: Bool,
        threadSafety: CInt
    ) {
        self.init(configuration, interface, nil, isBuiltIn: isBuiltIn, threadSafety)
    }

    /// A plugin in a process of its own.
    convenience init(_ configuration: PluginConfiguration, isolated: IsolatedPlugin) {
        self.init(configuration, nil, isolated, isBuiltIn: false, 0)
    }

    private init(
        _ configuration: PluginConfiguration,
        _ interface: PluginInterface?,
        _ isolated: IsolatedPlugin?,
        isBuiltIn: Bool,
        _ threadSafety: CInt
    ) {
        self.isolated = isolated
        loadNumber = Self.lastLoadNumber.add(1, ordering: .relaxed).newValue
        path = configuration.path
        if case .listeners(let indices) = configuration.scope {
            listeners = indices
        } else {
            listeners = nil
        }
        options = OptionArray(configuration.options)
        reloadOptionArray = Mutex(options)
        self.interface = interface
        self.isBuiltIn = isBuiltIn
        isDirect = isBuiltIn || threadSafety & Self.threadSafe != 0
        decidesByTopic = isBuiltIn || isDirect && threadSafety & Self.byTopic != 0
        hasUsedTickets = Atomic(isBuiltIn)
        statedFlags = Atomic(threadSafety)
        info = Mutex(Info())
        identifier = .allocate(byteCount: Self.nameBytesMax + 1, alignment: 16)
        let fallback = configuration.name ?? Self.stem(of: configuration.path)
        Self.write(fallback, to: identifier)
        let identifier = UInt(bitPattern: identifier)
        statistics = CallbackStatistics {
            UnsafeRawPointer(bitPattern: identifier).map {
                String(cString: $0.assumingMemoryBound(to: CChar.self))
            } ?? ""
        }
    }

    /// Takes what it says of itself in its own process.
    func adopt(flags: CInt) { statedFlags.store(flags, ordering: .relaxed) }

    /// What RELOAD events carry.
    var reloadOptions: OptionArray {
        get { reloadOptionArray.withLock { $0 } }
        set { reloadOptionArray.withLock { $0 = newValue } }
    }

    /// Whether its late answers name no client identifier.
    var answersByTicket: Bool { hasUsedTickets.load(ordering: .relaxed) }

    /// It has taken a ticket.
    func noteTicket() { hasUsedTickets.store(true, ordering: .relaxed) }

    /// The name it gave itself.
    var name: String? { info.withLock { $0.name } }

    /// The version it gave itself.
    var version: String? { info.withLock { $0.version } }

    /// The name it gave itself, or what its file is called.
    var displayName: String {
        String(cString: identifier.assumingMemoryBound(to: CChar.self))
    }

    /// `$CONTROL` topics it answers on.
    var controlTopics: [String] { info.withLock { $0.topics } }

    /// Takes what the plugin says about itself.
    func setInfo(name: String, version: String?) {
        info.withLock {
            $0.name = name
            $0.version = version
            Self.write(name, to: identifier)
        }
    }

    /// Notes a `$CONTROL` topic; only plugins with a name are listed with theirs.
    func addControlTopic(_ topic: String) {
        info.withLock { if $0.name != nil { $0.topics.append(topic) } }
    }

    /// A `$CONTROL` topic is no longer the plugin's.
    func removeControlTopic(_ topic: String) {
        info.withLock { $0.topics.removeAll { $0 == topic } }
    }

    private static func stem(of path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.split(separator: ".").first ?? file)
    }

    private static func write(_ name: String, to place: UnsafeMutableRawPointer) {
        var bytes = Array(name.utf8.prefix(nameBytesMax))
        // A name that is cut ends with a whole character.
        if bytes.count < name.utf8.count {
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        place.copyMemory(from: bytes, byteCount: bytes.count)
        place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
    }
}

extension LoadedPlugin {
    /// What a process is asked when nothing is to be done.
    var marker: Callback { Callback(number: 0, event: .reload, plugin: self, remote: 0) }
}
