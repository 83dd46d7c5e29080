// SPDX-License-Identifier: Apache-2.0
// Mistakes that are seen in the text of the file alone.

extension Mistake {
    static let lines = [
        Mistake(
            "listner 1883",
            3,
            "Error: Unknown configuration variable 'listner'. Did you mean 'listener'?",
            "Error found at %F:1."
        ),
        Mistake(
            "listener 1883\npasswordfile x\nallow_anonymus true",
            3,
            "Error: Unknown configuration variable 'passwordfile'. Did you mean 'password_file'?",
            "Error found at %F:2.",
            "Error: Unknown configuration variable 'allow_anonymus'. Did you mean 'allow_anonymous'?",
            "Error found at %F:3."
        ),
        Mistake(
            "whatever 1",
            3,
            "Error: Unknown configuration variable 'whatever'.",
            "Error found at %F:1."
        ),
        Mistake(
            "listener\t1883",
            3,
            "Error: Unknown configuration variable 'listener\t1883'."
                + " A space, not a tab, separates 'listener' from its value.",
            "Error found at %F:1."
        ),
        Mistake(
            "port=1883",
            3,
            "Error: Unknown configuration variable 'port=1883'."
                + " A space, not '=', separates 'port' from its value.",
            "Error found at %F:1."
        ),
        Mistake(
            "max_keepalive: 60",
            3,
            "Error: Unknown configuration variable 'max_keepalive:'."
                + " A space, not ':', separates 'max_keepalive' from its value.",
            "Error found at %F:1."
        ),
        Mistake(
            " # indented",
            3,
            "Error: Unknown configuration variable '#'.",
            "Error found at %F:1."
        ),
        Mistake(
            "persistence ture",
            3,
            "Error: Invalid 'persistence' value (ture). Did you mean 'true'?",
            "Error found at %F:1."
        ),
        Mistake(
            "allow_anonymous yes",
            3,
            "Error: Invalid 'allow_anonymous' value (yes).",
            "Error found at %F:1."
        ),
        Mistake(
            "listener 1883\nprotocol websocket",
            3,
            "Error: Invalid 'protocol' value (websocket). Did you mean 'websockets'?",
            "Error found at %F:2."
        ),
        Mistake(
            "log_type warnings",
            3,
            "Error: Invalid 'log_type' value (warnings). Did you mean 'warning'?",
            "Error found at %F:1."
        ),
        Mistake(
            "log_dest sterr",
            3,
            "Error: Invalid 'log_dest' value (sterr). Did you mean 'stderr'?",
            "Error found at %F:1."
        ),
        Mistake(
            "persistence_fsync allways",
            3,
            "Error: Invalid 'persistence_fsync' value (allways). Did you mean 'always'?",
            "Error found at %F:1."
        ),
        Mistake(
            "listener",
            3,
            "Error: Empty 'listener port' value in configuration.",
            "Error found at %F:1."
        ),
        Mistake(
            "listener mqtt",
            3,
            "Error: 'listener port' value not a number.",
            "Error found at %F:1."
        ),
        Mistake(
            "listener 99999",
            3,
            "Error: Invalid 'port' value (99999).",
            "Error found at %F:1."
        ),
        Mistake(
            "listener 99999\nmax_qos 3",
            3,
            "Error: Invalid 'port' value (99999).",
            "Error found at %F:1.",
            "Error: 'max_qos' must be between 0 and 2 inclusive.",
            "Error found at %F:2."
        ),
        Mistake(
            "mount_point a/",
            3,
            "Error: The 'mount_point' option requires a listener to be defined first.",
            "Error found at %F:1."
        ),
        Mistake(
            "plugin_opt_x y",
            3,
            "Error: The 'plugin_opt_x' option requires plugin/global_plugin/plugin_load to be defined first.",
            "Error found at %F:1."
        ),
        Mistake(
            "plugin_load acces x.so\nlistener 1883\nplugin_use access",
            3,
            "Error: Plugin 'access' not previously loaded. Did you mean 'acces'?",
            "Error found at %F:3."
        ),
        Mistake(
            "pid_file a\npid_file b",
            3,
            "Error: Duplicate 'pid_file' value in configuration.",
            "Error found at %F:2."
        ),
        Mistake(
            "listener 1883\ncertfile c",
            3,
            "Error: Both certfile and keyfile must be provided to enable a TLS listener.",
            "Error found at %F:2."
        ),
        Mistake(
            "listener 1883\ncafile c",
            3,
            "Error: cafile specified without certfile and keyfile.",
            "Error found at %F:2."
        ),
        Mistake(
            "listener 1883\ncertfile c\npsk_hint h",
            3,
            "Error: Cannot use both certificate and psk encryption in a single listener.",
            "Error found at %F:3."
        ),
        Mistake(
            "listener 1883\nrequire_certificate true\ncertfile %D/cert.pem\nkeyfile %D/key.pem",
            3,
            "Error: require_certificate needs cafile or capath: without an authority no client can"
                + " show a certificate that counts.",
            "Error found at %F:2."
        ),
        Mistake(
            "listener 1883\nenable_proxy_protocol 2\nuse_subject_as_username true",
            3,
            "Error: use_subject_as_username cannot be used with `enable_proxy_protocol 2`.",
            "Error found at %F:3."
        ),
        Mistake(
            "listener 1883\nallow_anonymous true\nper_listener_settings true",
            3,
            "Error: per_listener_settings must be set before any other security settings.",
            "Error found at %F:3."
        ),
        Mistake(
            "listener 1883\nprotocol http_api\nhttp_dir %D/none",
            3,
            "Error: Unable to open http_dir '%D/none': No such file or directory.",
            "Error found at %F:3."
        ),
        Mistake(
            "listener 1883\nprotocol http_api\nhttp_dir %D/text",
            3,
            "Error: Unable to open http_dir '%D/text': Not a directory.",
            "Error found at %F:3."
        ),
        Mistake(
            "include_dir %D/none",
            3,
            "Error: Unable to open include_dir '%D/none'.",
            "Error found at %F:1."
        ),
        Mistake(
            "connection b\naddress 127.0.0.1",
            3,
            "Error: Invalid bridge configuration: no topics defined.",
            "Error found at %F:1."
        ),
    ]
}
