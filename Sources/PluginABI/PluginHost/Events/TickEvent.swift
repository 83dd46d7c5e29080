// SPDX-License-Identifier: Apache-2.0
// TICK and RELOAD: events without a client.

import CMosquitto
import Core
import Glibc
import Log
import Results

extension PluginHost {
    /// Tells every plugin that the configuration was read again; errors are logged and no more.
    func tellReload() {
        for callback in registry.current.reloads where callback.plugin.isolated == nil {
            var data = mosquitto_evt_reload()
            let options = callback.plugin.reloadOptions
            data.options = options.start
            data.option_count = options.count
            let code = callback.call(&data, watch)
            if code != ResultCode.success {
                let text = String(cString: mosquitto_strerror(code))
                log.error(
                    "Error: Plugin \(callback.plugin.displayName) produced error on reload: \(text)"
                )
            }
        }
    }
}
