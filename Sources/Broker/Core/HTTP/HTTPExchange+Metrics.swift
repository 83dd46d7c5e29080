// SPDX-License-Identifier: Apache-2.0
// Metrics as an answer.

import Net

extension HTTPExchange {
    /// Seconds, one less at times, that workers have to look at their sessions.
    private static let figuresSecondsMax: Int64 = 2

    /// Metrics are gathered and written elsewhere when all workers have looked at their sessions.
    ///
    /// Where one takes too long, or is stuck, what it has is as it was the time before: that is when
    /// metrics are needed most.
    func serveMetrics(_ names: MetricNames, _ request: HTTPRequest) {
        assert(awaitedReport == nil, "an exchange has one answer")
        let format = MetricsText.Format(accept: request.fields.first("accept"))
        awaitedReport = MetricsReport(names: names, format: format, broker: worker.broker)
        connection?.setDeadline(worker.now + Self.figuresSecondsMax)
        let goOn = returning { [self] (_: Void) in sendReport() }
        MetricsReport.updateFigures(of: worker.broker) { goOn(()) }
    }

    /// Has the report written that is awaited, with what is there by now; later calls have no effect.
    func sendReport() {
        guard let report = awaitedReport else { return }
        awaitedReport = nil
        connection?.setDeadline(worker.now + Self.secondsMax)
        elsewhere {
            report.make()
        } next: { [self] bytes in
            answer(HTTPAnswer(contentType: report.format.contentType, body: .bytes(bytes)))
        }
    }
}
