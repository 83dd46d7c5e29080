// SPDX-License-Identifier: Apache-2.0
// Options by the kind of their value.

/// Options by the kind of their value, with the section they need.
enum OptionNames {
    static let globalBools = [
        "allow_duplicate_messages", "autosave_on_changes", "check_retain_source",
        "connection_messages", "enable_control_api", "worker_gathering", "log_timestamp",
        "persistence",
        "persistence_log",
        "queue_qos0_messages", "retain_available", "retained_persistence", "set_tcp_nodelay",
        "upgrade_outgoing_qos", "allow_anonymous", "allow_zero_length_clientid",
        "per_listener_settings",
    ]
    static let listenerBools = [
        "listener_allow_anonymous", "use_username_as_clientid", "disable_client_cert_date_checks",
        "require_certificate", "use_identity_as_username", "use_subject_as_username",
        "proxy_protocol_v2_require_tls",
    ]
    static let bridgeBools = [
        "bridge_attempt_unsubscribe", "bridge_outgoing_retain", "bridge_require_ocsp",
        "bridge_tls_use_os_certs", "bridge_insecure", "cleansession", "local_cleansession",
        "round_robin", "try_private", "notifications", "notifications_local_only",
    ]
    static let bools =
        globalBools.map { ($0, "") } + listenerBools.map { ($0, "listener") }
        + bridgeBools.map { ($0, "bridge") } + [("auth_plugin_deny_special_chars", "plugin")]
    static let ints =
        [
            "autosave_interval", "global_max_clients", "global_max_connections",
            "max_inflight_bytes", "max_inflight_messages", "max_keepalive", "max_packet_size",
            "max_queued_bytes", "max_queued_messages", "max_subscriptions", "message_size_limit",
            "packet_buffer_size",
            "websockets_headers_size", "retain_expiry_interval", "sys_interval",
            "websockets_log_level", "auth_timeout", "connection_history", "max_pending_logins",
            "plugin_slow_callback_ms",
            "log_facility", "persistence_buffer",
            "port",
        ].map { ($0, "") }
        + [
            "max_connections", "max_qos", "maximum_qos", "max_topic_alias",
            "max_topic_alias_broker", "enable_proxy_protocol", "http_memory_limit",
        ].map { ($0, "listener") }
        + [
            "bridge_max_packet_size", "bridge_max_topic_alias", "bridge_receive_maximum",
            "bridge_session_expiry_interval", "bridge_tcp_user_timeout", "keepalive_interval",
            "idle_timeout", "threshold", "restart_timeout",
        ].map { ($0, "bridge") }
        + ["plugin_timeout", "plugin_restart_wait", "plugin_memory_limit"].map { ($0, "") }
    static let stringsOnce =
        [
            "audit_file", "pid_file", "persistence_file", "persistence_location",
            "log_timestamp_format",
            "auto_id_prefix", "bind_address", "bridge_loop_protection",
        ].map { ($0, "") }
        + ["bind_interface", "listener_auto_id_prefix", "tls_engine", "tls_version", "psk_hint"]
        .map { ($0, "listener") }
        + [
            "bridge_bind_address", "bridge_alpn", "bridge_cafile", "bridge_capath",
            "bridge_certfile", "bridge_ciphers", "bridge_ciphers_tls1.3", "notification_topic",
            "remote_clientid", "clientid", "local_clientid", "remote_username", "username",
            "remote_password", "password", "local_username", "local_password",
        ].map { ($0, "bridge") }
    static let stringsLast =
        ["acl_file", "password_file", "psk_file", "user", "clientid_prefixes"].map { ($0, "") }
        + [
            "mount_point", "cafile", "capath", "certfile", "keyfile", "ciphers", "ciphers_tls1.3",
            "crlfile", "tls_keyform", "websockets_origin",
        ].map { ($0, "listener") }
        + [("bridge_keyfile", "bridge")]
    static let others =
        [
            "plugin", "auth_plugin", "global_plugin", "plugin_load", "include_dir",
            "memory_limit", "persistent_client_expiration", "worker_threads", "log_dest",
            "log_type", "log_format", "connection", "persistence_fsync",
        ].map { ($0, "") }
        + [
            "accept_protocol_versions", "protocol", "socket_domain", "plugin_use", "http_dir",
            "tls_engine_kpass_sha1",
        ].map { ($0, "listener") }
        + [
            "bridge_protocol_version", "bridge_reload_type", "start_type", "bridge_tls_version",
            "bridge_identity", "bridge_psk", "topic",
        ].map { ($0, "bridge") }
        + ["plugin_symbols", "plugin_isolation", "plugin_failure"].map { ($0, "plugin") }
}
