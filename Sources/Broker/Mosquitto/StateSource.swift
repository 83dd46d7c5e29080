// SPDX-License-Identifier: Apache-2.0
// Whether the session log or the snapshot database says what the broker begins with.

import Persist

/// What the broker begins with.
enum StateSource: Equatable {
    /// What the session log says.
    case log
    /// What the database says; a log that says something else is put aside.
    case database
    /// Nothing: the database that was written together with the log has been removed.
    case nothing

    /// Whoever was changed last counts, as far as the end of the log tells.
    ///
    /// `shutdown` is how the log ends, nil if the broker did not end as it should; `database` is the
    /// file as it is, nil when there is none. No broker writes an empty one: it says nothing.
    init(isLogNew: Bool, shutdown: LogShutdown?, database: WrittenDatabase?) {
        if isLogNew {
            self = .database
        } else if let written = shutdown?.database, database?.length != 0 {
            if let database {
                self = database.hasContent(of: written) ? .log : .database
            } else {
                self = .nothing
            }
        } else {
            self = .log
        }
    }
}
