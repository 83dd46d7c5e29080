// SPDX-License-Identifier: Apache-2.0
// What was counted about plugins, as the core asks for it.

package import Core

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
                }
            )
        }
        figures.waitingCount = lane.waitingCount
        figures.waits = lane.waits.histogram
        figures.waitBounds = LaneWaits.boundsNanoseconds
        figures.waitNanoseconds = lane.waits.total
        return figures
    }
}
