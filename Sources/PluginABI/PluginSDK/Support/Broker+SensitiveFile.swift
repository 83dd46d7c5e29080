// SPDX-License-Identifier: Apache-2.0
// Reading files that hold secrets or permissions.

package import SafeFiles

extension Broker {
    /// Reads a file with secrets and logs warnings about its permissions.
    package func readSensitiveFile(_ path: String) throws(FileError) -> [UInt8] {
        try SensitiveFile.read(path) { log(.warning, $0) }
    }
}
