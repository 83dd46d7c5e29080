// SPDX-License-Identifier: Apache-2.0
// Swift closures as C function pointers of their own, through libffi.

@preconcurrency internal import CFFI
internal import Synchronization

/// The C signature all callbacks share: `int (int event, void *event_data, void *userdata)`.
///
/// `@unchecked Sendable`: written once before it is published, read-only afterwards.
private struct CallbackSignature: @unchecked Sendable {
    let interface: UnsafeMutablePointer<ffi_cif>

    /// `nil` if libffi cannot describe the signature on this machine.
    static let shared: CallbackSignature? = {
        let interface = UnsafeMutablePointer<ffi_cif>.allocate(capacity: 1)
        let arguments = UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>.allocate(capacity: 3)
        withUnsafeMutablePointer(to: &ffi_type_sint32) { arguments[0] = $0 }
        withUnsafeMutablePointer(to: &ffi_type_pointer) {
            arguments[1] = $0
            arguments[2] = $0
        }
        let status = withUnsafeMutablePointer(to: &ffi_type_sint32) {
            ffi_prep_cif(interface, FFI_DEFAULT_ABI, 3, $0, arguments)
        }
        return status == FFI_OK ? CallbackSignature(interface: interface) : nil
    }()
}

/// A C function pointer that runs a Swift closure.
///
/// The broker identifies a callback by its function pointer, so each registration needs one of its own.
///
///     broker -> code in executable memory -> ffi -> `run` -> handler
///
/// Once retired the handler no longer runs, but the code stays until the plugin is unloaded: another thread may be
/// on its way into it, or the handler may be what retires it.
///
/// `@unchecked Sendable`: all stored properties are constants. Whether `handler` may run on several threads at once
/// is the plugin's declaration, which the broker keeps to and `PluginContext` puts into types.
package final class Trampoline: @unchecked Sendable {
    package typealias Handler = (CInt, UnsafeMutableRawPointer) -> CInt

    /// What the broker is given.
    package let function: HostCallback
    private let closure: UnsafeMutableRawPointer
    private let handler: Handler
    private let neutralResult: CInt
    private let isRetired = Atomic(false)

    /// Creates the code; `nil` if the system refuses executable memory.
    ///
    /// `neutralResult` is what a call gets after retirement.
    package init?(neutralResult: CInt, handler: @escaping Handler) {
        var code: UnsafeMutableRawPointer?
        guard let signature = CallbackSignature.shared,
            let closure = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code),
            let code
        else { return nil }
        self.closure = closure
        self.handler = handler
        self.neutralResult = neutralResult
        function = unsafeBitCast(code, to: HostCallback.self)
        let status = ffi_prep_closure_loc(
            closure.assumingMemoryBound(to: ffi_closure.self),
            signature.interface,
            { _, result, arguments, userData in
                Trampoline.receive(result: result, arguments: arguments, userData: userData)
            },
            Unmanaged.passUnretained(self).toOpaque(),
            code
        )
        guard status == FFI_OK else { return nil }
    }

    deinit {
        ffi_closure_free(closure)
    }

    /// Calls after this one do nothing.
    package func retire() {
        isRetired.store(true, ordering: .releasing)
    }

    private static func receive(
        result: UnsafeMutableRawPointer?,
        arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        userData: UnsafeMutableRawPointer?
    ) {
        guard let result, let arguments, let userData, let event = arguments[0] else { return }
        let trampoline = Unmanaged<Trampoline>.fromOpaque(userData).takeUnretainedValue()
        let data = arguments[1]?.load(as: UnsafeMutableRawPointer?.self)
        let code = trampoline.run(event: event.load(as: CInt.self), data: data)
        // libffi wants integers narrower than a register widened to one.
        result.storeBytes(of: ffi_sarg(code), as: ffi_sarg.self)
    }

    private func run(event: CInt, data: UnsafeMutableRawPointer?) -> CInt {
        guard let data, !isRetired.load(ordering: .acquiring) else { return neutralResult }
        return handler(event, data)
    }
}
