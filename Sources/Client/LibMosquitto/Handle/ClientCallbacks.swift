// SPDX-License-Identifier: Apache-2.0
// What a program wants to be told.

import CMosquitto

/// The functions of a program that a handle calls; nil where it does not want to be told.
struct ClientCallbacks {
    var preConnect: LIBMOSQ_CB_pre_connect?
    var connect: LIBMOSQ_CB_connect?
    var connectWithFlags: LIBMOSQ_CB_connect_with_flags?
    var connectV5: LIBMOSQ_CB_connect_v5?
    var disconnect: LIBMOSQ_CB_disconnect?
    var disconnectV5: LIBMOSQ_CB_disconnect_v5?
    var publish: LIBMOSQ_CB_publish?
    var publishV5: LIBMOSQ_CB_publish_v5?
    var message: LIBMOSQ_CB_message?
    var messageV5: LIBMOSQ_CB_message_v5?
    var subscribe: LIBMOSQ_CB_subscribe?
    var subscribeV5: LIBMOSQ_CB_subscribe_v5?
    var unsubscribe: LIBMOSQ_CB_unsubscribe?
    var unsubscribeV5: LIBMOSQ_CB_unsubscribe_v5?
    var unsubscribe2V5: LIBMOSQ_CB_unsubscribe2_v5?
    var extendedAuthentication: LIBMOSQ_CB_ext_auth?
    var log: LIBMOSQ_CB_log?

    /// Whether somebody may look at the properties of acknowledgements.
    var wantsProperties: Bool {
        connectV5 != nil || disconnectV5 != nil || publishV5 != nil || subscribeV5 != nil
            || unsubscribeV5 != nil || unsubscribe2V5 != nil || extendedAuthentication != nil
    }
}
