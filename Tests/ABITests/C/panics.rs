// SPDX-License-Identifier: Apache-2.0
// A plugin in Rust that panics for messages to "throw".
use std::ffi::{c_char, c_int, c_void, CStr};

/// The beginning of `struct mosquitto_evt_acl_check`.
#[repr(C)]
struct AccessCheck {
    future: *mut c_void,
    client: *mut c_void,
    topic: *const c_char,
}

type Callback = extern "C" fn(c_int, *mut c_void, *mut c_void) -> c_int;

extern "C" {
    fn mosquitto_callback_register(
        identifier: *mut c_void,
        event: c_int,
        callback: Callback,
        data: *const c_void,
        userdata: *mut c_void,
    ) -> c_int;
}

extern "C" fn on_access(_event: c_int, data: *mut c_void, _userdata: *mut c_void) -> c_int {
    let check = unsafe { &*(data as *const AccessCheck) };
    let topic = unsafe { CStr::from_ptr(check.topic) };
    let found = if topic.to_bytes() == b"throw" { None } else { Some(0) };
    found.expect("there is nobody")
}

#[no_mangle]
pub extern "C" fn mosquitto_plugin_version(_count: c_int, _versions: *const c_int) -> c_int {
    5
}

#[no_mangle]
pub extern "C" fn mosquitto_plugin_init(
    identifier: *mut c_void,
    _userdata: *mut *mut c_void,
    _options: *mut c_void,
    _count: c_int,
) -> c_int {
    unsafe {
        mosquitto_callback_register(identifier, 2, on_access, std::ptr::null(), std::ptr::null_mut())
    }
}

#[no_mangle]
pub extern "C" fn mosquitto_plugin_cleanup(
    _userdata: *mut c_void,
    _options: *mut c_void,
    _count: c_int,
) -> c_int {
    0
}
