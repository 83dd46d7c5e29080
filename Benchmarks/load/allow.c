/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that is asked about every access and allows it: what remains is the cost of asking.
 *   cc -O2 -shared -fPIC -Iinclude Benchmarks/load/allow.c -o allow.so
 */
#include <mosquitto.h>
#include <mosquitto/broker.h>
#include <mosquitto/broker_plugin.h>
#include <stddef.h>

static int check(int event, void *data, void *user)
{
    (void)event, (void)data, (void)user;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    for (int index = 0; index < count; index++) {
        if (versions[index] == 5) return 5;
    }
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *plugin, void **user, struct mosquitto_opt *options, int count)
{
    (void)user, (void)options, (void)count;
    return mosquitto_callback_register(plugin, MOSQ_EVT_ACL_CHECK, check, NULL, NULL);
}
