/* SPDX-License-Identifier: Apache-2.0 */
/* What moves the packets of a handle: loops, a thread, or the program's own event loop. */
#ifndef MOSQUITTO_LIBMOSQUITTO_LOOP_H
#define MOSQUITTO_LIBMOSQUITTO_LOOP_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One of three ways is chosen: a thread of the library (mosquitto_loop_start()), a loop of the
   library on a thread of the program, or the program's own event loop (mosquitto_socket() and what
   follows it). max_packets is 1 or more and has no meaning beyond that.
   When a connection ends, the disconnect callback is called, and the result says why:
   0 when the program wished it, MOSQ_ERR_CONN_LOST, MOSQ_ERR_ERRNO, MOSQ_ERR_TLS,
   MOSQ_ERR_KEEPALIVE, MOSQ_ERR_CONN_REFUSED, MOSQ_ERR_PROTOCOL, MOSQ_ERR_MALFORMED_PACKET or what
   a callback or proxy returned. */

/* Waits at most timeout milliseconds (negative: 1000) for the connection, and reads and writes
   what there is. Returns MOSQ_ERR_NO_CONN when there is none, 0 while it lives.
   [any thread] */
libmosq_EXPORT int mosquitto_loop(struct mosquitto *mosq, int timeout, int max_packets);

/* Runs mosquitto_loop() for ever, and connects again after a pause (see
   mosquitto_reconnect_delay_set()) when the connection has ended. Returns 0 after
   mosquitto_disconnect(), or a failure that another attempt does not mend.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_forever(struct mosquitto *mosq, int timeout, int max_packets);

/* Starts a thread that does what mosquitto_loop_forever() does, before or after connecting.
   Returns 0, MOSQ_ERR_INVAL when there is one already, or MOSQ_ERR_ERRNO.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_start(struct mosquitto *mosq);

/* Ends that thread and waits for it, without force after what it is just doing; usually
   mosquitto_disconnect() comes before. On the thread itself it does not wait. Returns 0, or
   MOSQ_ERR_INVAL when there is no such thread.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_stop(struct mosquitto *mosq, bool force);

/* ---- In an event loop of the program: watch mosquitto_socket() for reading, and for writing while
   mosquitto_want_write(); call mosquitto_loop_read() and mosquitto_loop_write() then, and
   mosquitto_loop_misc() about once per second. */

/* Returns the descriptor of the connection, -1 without one. It belongs to the library and is
   another one after each connect function.
   [any thread] */
libmosq_EXPORT int mosquitto_socket(struct mosquitto *mosq);

/* Returns whether there is something to write.
   [any thread] */
libmosq_EXPORT bool mosquitto_want_write(struct mosquitto *mosq);

/* Reads all that has come, and handles it. Returns as loops do.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_read(struct mosquitto *mosq, int max_packets);

/* Writes as much as the system takes. Returns as loops do.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_write(struct mosquitto *mosq, int max_packets);

/* Does what is due by the clock: keep-alive. Returns as loops do.
   [any thread] */
libmosq_EXPORT int mosquitto_loop_misc(struct mosquitto *mosq);

/* Says whether a thread of the program runs the loop while others publish: then functions only
   queue what is to be sent and wake that thread. Returns 0.
   [any thread] */
libmosq_EXPORT int mosquitto_threaded_set(struct mosquitto *mosq, bool threaded);

#ifdef __cplusplus
}
#endif

#endif
