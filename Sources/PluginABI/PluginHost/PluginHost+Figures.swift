// SPDX-License-Identifier: Apache-2.0
// What was counted about plugins, as the core asks for it.

package import Core
import Synchronization

extension PluginHost {
    package var figures: HookFigures {
        var figures = HookFigures()
        figures.plugins = loadedPlugins.map { plugin in
            HookFigures.Plugin(
                name: plugin.displayName,
                version: plugin.version ?? "",
                events: plugin.statistics.figures.map { event in
                    HookFigures.Event(
                        name: event.event,
                        calls: UInt64(clamping: event.calls),
                        errors: UInt64(clamping: event.errors),
                        nanoseconds: UInt64(clamping: event.nanoseconds),
                        slowCalls: UInt64(clamping: event.slowCalls)
                    )
                },
                process: plugin.isolated.map { HookFigures.Process($0) }
            )
        }
        figures.waitingCount = lane.waitingCount
        figures.waits = lane.waits.histogram
        figures.waitBounds = LaneWaits.boundsNanoseconds
        figures.waitNanoseconds = lane.waits.total
        return figures
    }
}

extension PluginHost {
    package var warnings: [String] {
        loadedPlugins.compactMap { plugin in
            guard let figures = plugin.isolated?.figures, figures.state != .running else {
                return nil
            }
            return "plugin \(plugin.displayName) does not answer: its process is started again"
        }
    }
}

extension HookFigures.Process {
    fileprivate init(_ plugin: IsolatedPlugin) {
        let figures = plugin.figures
        self.init(
            isRunning: figures.isRunning.load(ordering: .relaxed),
            pid: figures.pid.load(ordering: .relaxed),
            restarts: UInt64(clamping: figures.restarts.load(ordering: .relaxed)),
            memoryBytes: figures.memoryBytes.load(ordering: .relaxed),
            pendingCount: plugin.pendingCount,
            failedAnswers: UInt64(clamping: figures.failedAnswers.load(ordering: .relaxed))
        )
    }
}
