/* SPDX-License-Identifier: Apache-2.0 */
/* Topic names, topic filters and how they match. */
#ifndef MOSQUITTO_LIBCOMMON_TOPIC_H
#define MOSQUITTO_LIBCOMMON_TOPIC_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Strings are only read during each call. A topic or filter has 1 to 65535 bytes and at most
   200 separators; UTF-8 is not checked here (mosquitto_validate_utf8() does). */

/* Checks a topic name: no '+', no '#'. Returns 0 or MOSQ_ERR_INVAL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pub_topic_check(const char *topic);

/* As mosquitto_pub_topic_check() for topiclen bytes without a NUL byte behind them.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_pub_topic_check2(const char *topic, size_t topiclen);

/* Checks a topic filter: '+' fills a level, '#' fills the last. Returns 0 or MOSQ_ERR_INVAL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_topic_check(const char *topic);

/* As mosquitto_sub_topic_check() for topiclen bytes without a NUL byte behind them.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_topic_check2(const char *topic, size_t topiclen);

/* Stores in *result whether filter sub matches the topic name. Wildcards at the first level do
   not match a topic that begins with '$'. Returns 0, or MOSQ_ERR_INVAL (with *result false) for
   NULL, empty or malformed arguments.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_topic_matches_sub(
    const char *sub, const char *topic, bool *result);

/* As mosquitto_topic_matches_sub() for strings given with their lengths.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_topic_matches_sub2(
    const char *sub, size_t sublen, const char *topic, size_t topiclen, bool *result);

/* As mosquitto_topic_matches_sub(), with levels "%c" and "%u" of sub standing for clientid and
   username. One that is NULL or empty does not match, nor does one with a '/' in it.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_topic_matches_sub_with_pattern(
    const char *sub,
    const char *topic,
    const char *clientid,
    const char *username,
    bool *result);

/* Stores in *result whether every topic that filter sub matches is also matched by filter acl.
   Returns 0, or MOSQ_ERR_INVAL (with *result false) for NULL, empty or malformed arguments.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_matches_acl(const char *acl, const char *sub, bool *result);

/* As mosquitto_sub_matches_acl(), with levels "%c" and "%u" of acl standing for clientid and
   username. One that consists of "+", "#" or "/" alone never matches.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_matches_acl_with_pattern(
    const char *acl,
    const char *sub,
    const char *clientid,
    const char *username,
    bool *result);

/* Splits a topic or filter at its separators. *topics becomes *count strings (NULL for an empty
   level) which the caller gives to mosquitto_sub_topic_tokens_free(). Returns 0,
   MOSQ_ERR_INVAL or MOSQ_ERR_NOMEM.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_topic_tokenise(
    const char *subtopic, char ***topics, int *count);

/* Frees what mosquitto_sub_topic_tokenise() made and sets *topics to NULL. Returns 0 or
   MOSQ_ERR_INVAL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_sub_topic_tokens_free(char ***topics, int count);

#ifdef __cplusplus
}
#endif

#endif
