/* SPDX-License-Identifier: Apache-2.0 */
/* Password hashes as they stand in a password file. */
#ifndef MOSQUITTO_LIBCOMMON_PASSWORD_H
#define MOSQUITTO_LIBCOMMON_PASSWORD_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hash algorithms; all but the first are also the number between the '$' signs of an encoded
   hash (argon2id is encoded as "$argon2id$..."). */
enum mosquitto_pwhash_type {
    MOSQ_PW_DEFAULT = 0,
    MOSQ_PW_SHA512 = 6,
    MOSQ_PW_SHA512_PBKDF2 = 7,
    MOSQ_PW_ARGON2ID = 8
};

/* Parameters of mosquitto_pw_set_param(). */
enum mosquitto_pw_params {
    MOSQ_PW_PARAM_ITERATIONS = 1
};

/* One password hash. Opaque. */
struct mosquitto_pw;

/* Makes an empty hash. *pw is owned by the caller, who gives it to mosquitto_pw_cleanup().
   Returns 0 or MOSQ_ERR_NOMEM.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pw_new(
    struct mosquitto_pw **pw, enum mosquitto_pwhash_type hashtype);

/* Wipes and frees a hash; NULL is allowed.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_pw_cleanup(struct mosquitto_pw *pw);

/* Sets a parameter for the next hash. Iterations are for MOSQ_PW_SHA512_PBKDF2 only (else
   MOSQ_ERR_INVAL); a parameter not known is ignored. Returns 0 or MOSQ_ERR_INVAL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pw_set_param(struct mosquitto_pw *pw, int param, int value);

/* Hashes a password with a new random salt; the password is only read. Takes long on purpose.
   Returns 0, MOSQ_ERR_INVAL, MOSQ_ERR_NOMEM, MOSQ_ERR_UNKNOWN, or MOSQ_ERR_NOT_SUPPORTED for an
   algorithm that is not available.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pw_hash_encoded(struct mosquitto_pw *pw, const char *password);

/* Returns the text form of the hash or NULL; it belongs to pw and is valid until pw is hashed,
   decoded into or cleaned up.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_pw_get_encoded(struct mosquitto_pw *pw);

/* Reads the text form of a hash, which also sets the algorithm; the text is copied. Returns 0,
   MOSQ_ERR_NOMEM, or MOSQ_ERR_INVAL for a malformed text.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pw_decode(struct mosquitto_pw *pw, const char *encoded_password);

/* Compares a password with the hash in constant time; the password is only read. Takes long on
   purpose. Returns 0, or MOSQ_ERR_AUTH when it differs or the hash is not valid.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pw_verify(struct mosquitto_pw *pw, const char *password);

/* Declares the hash usable or not.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_pw_set_valid(struct mosquitto_pw *pw, bool valid);

/* Returns whether the hash is usable: one that was hashed or decoded; false for NULL.
   [any thread] */
libmosqcommon_EXPORT bool mosquitto_pw_is_valid(struct mosquitto_pw *pw);

#ifdef __cplusplus
}
#endif

#endif
