// SPDX-License-Identifier: Apache-2.0
// A call of a variadic function of the broker.

@preconcurrency internal import CFFI

/// `mosquitto_log_printf`, called as the variadic function it is, which Swift cannot do by itself.
///
/// `@unchecked Sendable`: written once before it is published, read-only afterwards.
struct VariadicLog: @unchecked Sendable {
    /// The function, its arguments left out: only libffi calls it.
    typealias Function = @convention(c) () -> Void

    private let interface: UnsafeMutablePointer<ffi_cif>

    static let shared: VariadicLog? = {
        let interface = UnsafeMutablePointer<ffi_cif>.allocate(capacity: 1)
        let arguments = UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>.allocate(capacity: 3)
        withUnsafeMutablePointer(to: &ffi_type_sint32) { arguments[0] = $0 }
        withUnsafeMutablePointer(to: &ffi_type_pointer) {
            arguments[1] = $0
            arguments[2] = $0
        }
        let status = withUnsafeMutablePointer(to: &ffi_type_void) {
            ffi_prep_cif_var(interface, FFI_DEFAULT_ABI, 2, 3, $0, arguments)
        }
        return status == FFI_OK ? VariadicLog(interface: interface) : nil
    }()

    /// Calls `function(level, "%s", text)`.
    func call(_ function: Function, level: CInt, text: UnsafePointer<CChar>) {
        "%s".withCString { format in
            withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 3) {
                values in
                withUnsafePointer(to: level) { level in
                    withUnsafePointer(to: format) { format in
                        withUnsafePointer(to: text) { text in
                            values.initializeElement(
                                at: 0,
                                to: UnsafeMutableRawPointer(mutating: level)
                            )
                            values.initializeElement(
                                at: 1,
                                to: UnsafeMutableRawPointer(mutating: format)
                            )
                            values.initializeElement(
                                at: 2,
                                to: UnsafeMutableRawPointer(mutating: text)
                            )
                            ffi_call(
                                interface,
                                function,
                                nil,
                                values.baseAddress
                            )
                        }
                    }
                }
            }
        }
    }
}
