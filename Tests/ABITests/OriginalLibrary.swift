// SPDX-License-Identifier: Apache-2.0
// Functions of the original client library, to compare ours with.

import Glibc

/// The original's `libmosquitto`, which carries an older copy of the common library.
enum OriginalLibrary {
    typealias Check = @convention(c) (UnsafePointer<CChar>?) -> CInt
    typealias Match =
        @convention(c) (
            UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutablePointer<Bool>?
        ) -> CInt
    typealias ValidateUTF8 = @convention(c) (UnsafePointer<CChar>?, CInt) -> CInt
    typealias CheckCommand = @convention(c) (CInt, CInt) -> CInt
    typealias Text = @convention(c) (CInt) -> UnsafePointer<CChar>?

    /// Whether it is installed.
    static let isInstalled = handle != 0

    /// Looks a function up; nil when the library or the function is missing.
    static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(UnsafeMutableRawPointer(bitPattern: handle), name).map {
            unsafeBitCast($0, to: type)
        }
    }

    /// The library's handle as a number, which may be shared between threads; 0 without it.
    ///
    /// It is opened for itself, so that its calls do not end in our functions of equal name.
    private static let handle = UInt(
        bitPattern: dlopen("libmosquitto.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
    )
}
