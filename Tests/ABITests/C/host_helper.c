/* SPDX-License-Identifier: Apache-2.0 */
/* One of two plugins whose global helpers have the same name; NAME tells them apart. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

const char *helper_name(void);
int helper_count;

const char *helper_name(void)
{
    helper_count++;
    return NAME;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    return count > 0 ? versions[0] : -1;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)identifier;
    (void)userdata;
    (void)options;
    (void)count;
    const char *called = helper_name();
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC %s calls %s, %d", NAME, called, helper_count);
    return MOSQ_ERR_SUCCESS;
}
