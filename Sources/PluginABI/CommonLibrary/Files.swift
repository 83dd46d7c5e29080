// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_file.h: careful opening, reading lines, replacing a file in one step.

import CBrokerShims
public import CMosquitto
import Glibc
import Results
import SafeFiles

/// Opens a regular file, as one that only its owner should read when `restrict_read`.
@c(mosquitto_fopen) @implementation
public func mosquitto_fopen(
    _ path: UnsafePointer<CChar>!,
    _ mode: UnsafePointer<CChar>!,
    _ restrict_read: Bool
) -> UnsafeMutablePointer<FILE>! {
    guard let path: UnsafePointer<CChar> = path, let mode: UnsafePointer<CChar> = mode else {
        errno = EINVAL
        return nil
    }
    guard let stream = restrict_read ? openRestricted(path, mode) : fopen(path, mode) else {
        return nil
    }
    var status = stat()
    if fstat(fileno(stream), &status) != 0 {
        fclose(stream)
        return nil
    }
    let name = String(cString: path)
    guard status.st_mode & S_IFMT == S_IFREG else {
        broker_common_print("Error: \(name) is not a file.")
        fclose(stream)
        errno = EINVAL
        return nil
    }
    if restrict_read { warnAboutAccess(name, status) }
    return stream
}

/// Opens without following a symbolic link; a file that is made is its owner's alone.
private func openRestricted(
    _ path: UnsafePointer<CChar>,
    _ mode: UnsafePointer<CChar>
) -> UnsafeMutablePointer<FILE>? {
    let canWriteToo = strchr(mode, CInt(UInt8(ascii: "+"))) != nil
    var flags =
        switch UInt8(bitPattern: mode[0]) {
        case UInt8(ascii: "r"): canWriteToo ? O_RDWR : O_RDONLY
        case UInt8(ascii: "w"): (canWriteToo ? O_RDWR : O_WRONLY) | O_TRUNC | O_CREAT | O_EXCL
        case UInt8(ascii: "a"): (canWriteToo ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT
        default: CInt(-1)
        }
    guard flags != -1 else {
        errno = EINVAL
        return nil
    }
    if !SensitiveFile.allowsSymbolicLinks { flags |= O_NOFOLLOW }
    // O_NONBLOCK: opening a FIFO must not wait for its other end, it is refused afterwards.
    let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, mode_t(0o600))
    guard descriptor >= 0 else { return nil }
    guard let stream = fdopen(descriptor, mode) else {
        close(descriptor)
        return nil
    }
    return stream
}

/// Complains about a file that others can read, or that belongs to others.
private func warnAboutAccess(_ name: String, _ status: stat) {
    let future = "Future versions will refuse to load this file."
    if status.st_mode & (S_IRWXO) != 0 {
        broker_common_print("Warning: File \(name) has world readable permissions. \(future)")
        broker_common_print("To fix this, use `chmod 0700 \(name)`.")
    }
    let user = geteuid()
    if status.st_uid != user {
        broker_common_print("Warning: File \(name) owner is not \(userName(user)). \(future)")
        broker_common_print("To fix this, use `chown \(userName(user)) \(name)`.")
    }
    let group = getegid()
    if status.st_gid != group {
        broker_common_print("Warning: File \(name) group is not \(groupName(group)). \(future)")
        broker_common_print("To fix this, use `chgrp \(groupName(group)) \(name)`.")
    }
}

private func userName(_ id: uid_t) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 4096)
    guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil,
        let name = entry.pw_name
    else { return String(id) }
    return String(cString: name)
}

private func groupName(_ id: gid_t) -> String {
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 4096)
    guard getgrgid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil,
        let name = entry.gr_name
    else { return String(id) }
    return String(cString: name)
}

/// Reads one whole line.
@c(mosquitto_fgets) @implementation
public func mosquitto_fgets(
    _ buf: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!,
    _ buflen: UnsafeMutablePointer<CInt>!,
    _ stream: UnsafeMutablePointer<FILE>!
) -> UnsafeMutablePointer<CChar>! {
    guard let buf: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = buf,
        let buflen: UnsafeMutablePointer<CInt> = buflen,
        let stream: UnsafeMutablePointer<FILE> = stream
    else { return nil }
    // To `getline` a negative length would be a buffer without end.
    var capacity = Int(max(0, buflen.pointee))
    let count = getline(buf, &capacity, stream)
    buflen.pointee = CInt(clamping: capacity)
    guard count > 0, let line = buf.pointee, memchr(line, 0, count) == nil else { return nil }
    return line
}

/// Cuts white space off both ends.
@c(mosquitto_trimblanks) @implementation
public func mosquitto_trimblanks(
    _ str: UnsafeMutablePointer<CChar>!
) -> UnsafeMutablePointer<CChar>! {
    guard var start: UnsafeMutablePointer<CChar> = str else { return nil }
    while isBlank(start.pointee) { start += 1 }
    var end = strlen(start)
    while end > 0, isBlank(start[end - 1]) { end -= 1 }
    start[end] = 0
    return start
}

private func isBlank(_ character: CChar) -> Bool {
    character == 32 || (9...13).contains(character)
}

/// Reads a whole file.
@c(mosquitto_read_file) @implementation
public func mosquitto_read_file(
    _ file: UnsafePointer<CChar>!,
    _ restrict_read: Bool,
    _ buf: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!,
    _ buflen: UnsafeMutablePointer<Int>!
) -> CInt {
    guard let file: UnsafePointer<CChar> = file,
        let buf: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = buf
    else { return ResultCode.invalid }
    buf.pointee = nil
    buflen?.pointee = 0
    guard let stream: UnsafeMutablePointer<FILE> = mosquitto_fopen(file, "rb", restrict_read) else {
        return ResultCode.systemError
    }
    defer { fclose(stream) }
    var status = stat()
    guard fstat(fileno(stream), &status) == 0 else { return ResultCode.systemError }
    let size = Int(status.st_size)
    if size == 0 { return ResultCode.success }
    guard let block: UnsafeMutableRawPointer = mosquitto_malloc(size + 1) else {
        return ResultCode.noMemory
    }
    guard fread(block, 1, size, stream) == size else {
        mosquitto_free(block)
        return ResultCode.invalid
    }
    let text = block.assumingMemoryBound(to: CChar.self)
    text[size] = 0
    buf.pointee = text
    buflen?.pointee = size
    return ResultCode.success
}

/// What `mosquitto_write_file` calls to write and to report.
public typealias FileWriter =
    @convention(c) (
        UnsafeMutablePointer<FILE>?, UnsafeMutableRawPointer?
    ) -> CInt
/// Receives one line of text, valid during the call.
public typealias FileWriterLog = @convention(c) (UnsafePointer<CChar>?) -> Void

/// Replaces a file by way of a temporary one beside it.
@c(mosquitto_write_file) @implementation
public func mosquitto_write_file(
    _ target_path: UnsafePointer<CChar>!,
    _ restrict_read: Bool,
    _ write_fn: FileWriter!,
    _ user_data: UnsafeMutableRawPointer!,
    _ log_fn: FileWriterLog!
) -> CInt {
    guard let target: UnsafePointer<CChar> = target_path, let write: FileWriter = write_fn else {
        return ResultCode.invalid
    }
    func fail(_ text: String, _ result: CInt) -> CInt {
        let savedErrno = errno
        log_fn?(text)
        errno = savedErrno
        return result
    }
    let temporary = String(cString: target) + ".new"
    unlink(temporary)
    guard let stream: UnsafeMutablePointer<FILE> = mosquitto_fopen(temporary, "wb", restrict_read)
    else {
        return fail("unable to open \(temporary) for writing", ResultCode.systemError)
    }
    var result = write(stream, user_data)
    if result == ResultCode.success && (fflush(stream) != 0 || fsync(fileno(stream)) != 0) {
        result = fail("unable to write \(temporary)", ResultCode.systemError)
    } else if result != ResultCode.success {
        result = fail("unable to write \(temporary)", ResultCode.invalid)
    }
    if fclose(stream) != 0 && result == ResultCode.success {
        result = fail("unable to close \(temporary)", ResultCode.systemError)
    }
    if result == ResultCode.success && rename(temporary, target) != 0 {
        result = fail("unable to rename \(temporary)", ResultCode.systemError)
    }
    if result != ResultCode.success { unlink(temporary) }
    return result
}
