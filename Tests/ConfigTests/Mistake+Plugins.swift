// SPDX-License-Identifier: Apache-2.0
// Mistakes about plugins and their options.

extension Mistake {
    private static let none = "No such file or directory"
    private static let dynsec = "plugin %P/libmosquitto_dynamic_security.so\n"
    private static let scram = "plugin %P/libmosquitto_scram.so\n"
    private static let sparkplug = "plugin %P/libmosquitto_sparkplug_aware.so\n"
    private static let fault = "Error loading Dynamic security plugin config:"

    static let plugins = [
        Mistake(
            "plugin %D/none.so",
            13,
            "Error: Unable to load plugin \"%D/none.so\".",
            "Load error: %D/none.so: cannot open shared object file: \(none) (plugin at %F:1)"
        ),
        Mistake(
            "plugin %D/text",
            13,
            "Error: Unable to load plugin \"%D/text\".",
            "Load error: %D/text: file too short (plugin at %F:1)"
        ),
        Mistake(
            dynsec + "plugin_opt_config_fil %D/state.json",
            3,
            "Error: Plugin \"%P/libmosquitto_dynamic_security.so\" has no option 'plugin_opt_config_fil'"
                + " (plugin_opt_config_fil at %F:2). Did you mean 'plugin_opt_config_file'?"
        ),
        Mistake(
            dynsec + "plugin_opt_config_file %D/state.json\nplugin_opt_colour red",
            3,
            "Error: Plugin \"%P/libmosquitto_dynamic_security.so\" has no option 'plugin_opt_colour'"
                + " (plugin_opt_colour at %F:3)."
        ),
        Mistake(
            dynsec,
            0,
            "Warning: Dynamic security plugin has no plugin_opt_config_file defined."
                + " The plugin will not be activated (plugin at %F:1)."
        ),
        Mistake(
            dynsec + "plugin_opt_config_file %D/broken.json",
            3,
            "\(fault) File is not valid JSON. (%D/broken.json, line 2) (plugin_opt_config_file at %F:2)"
        ),
        Mistake(
            dynsec + "plugin_opt_config_file %D/array.json",
            3,
            "\(fault) File is not a JSON object. (%D/array.json) (plugin_opt_config_file at %F:2)"
        ),
        Mistake(
            dynsec + "plugin_opt_config_file %D/none/state.json",
            3,
            "Error: Unable to write dynsec config: %D/none/state.json: \(none)"
                + " (plugin_opt_config_file at %F:2)."
        ),
        Mistake(
            dynsec + "plugin_opt_config_file %D/state.json\nplugin_opt_password_iterations many",
            0,
            "Warning: Dynamic security plugin: password_iterations 'many' is not a positive number;"
                + " the default is used (plugin at %F:1)."
        ),
        Mistake(
            scram,
            3,
            "Error: 'plugin_opt_credential_file FILE' is missing (plugin at %F:1)."
        ),
        Mistake(
            scram + "plugin_opt_credentials_file x",
            3,
            "Error: Plugin \"%P/libmosquitto_scram.so\" has no option 'plugin_opt_credentials_file'"
                + " (plugin_opt_credentials_file at %F:2). Did you mean 'plugin_opt_credential_file'?"
        ),
        Mistake(
            scram + "plugin_opt_credential_file %D/credentials",
            3,
            "Error: Invalid credential file '%D/credentials' line 1 (plugin_opt_credential_file at %F:2)."
        ),
        Mistake(
            scram + "plugin_opt_credential_file %D/none",
            13,
            "Error: Unable to open credential file '%D/none': \(none)"
                + " (plugin_opt_credential_file at %F:2)."
        ),
        Mistake(
            sparkplug + "plugin_opt_replace_ndeath_timestamp 1",
            3,
            "Error: Invalid plugin_opt_replace_ndeath_timestamp value '1'."
                + " It is true or false (plugin_opt_replace_ndeath_timestamp at %F:2)."
        ),
        Mistake(
            sparkplug + "plugin_opt_replace_ndeath_timestamps true",
            3,
            "Error: Plugin \"%P/libmosquitto_sparkplug_aware.so\" has no option"
                + " 'plugin_opt_replace_ndeath_timestamps' (plugin_opt_replace_ndeath_timestamps at %F:2)."
                + " Did you mean 'plugin_opt_replace_ndeath_timestamp'?"
        ),
        Mistake(
            "listener 1883\nplugin_load p %D/none.so",
            0,
            "Warning: Plugin 'p' is not used by any listener: not loaded."
                + " Say 'plugin_use p' at the listeners it is for (plugin at %F:2)."
        ),
    ]
}
