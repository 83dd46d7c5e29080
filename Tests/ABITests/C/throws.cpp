// SPDX-License-Identifier: Apache-2.0
// A plugin in C++ that throws where nobody catches, for messages to "throw".
#include <cstring>
#include <mosquitto.h>
#include <stdexcept>

static int on_access(int, void *data, void *)
{
    auto *check = static_cast<mosquitto_evt_acl_check *>(data);

    if (std::strcmp(check->topic, "throw") == 0) {
        throw std::runtime_error("there is nobody");
    }
    return MOSQ_ERR_SUCCESS;
}

extern "C" int mosquitto_plugin_version(int, const int *)
{
    return 5;
}

extern "C" int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **, mosquitto_opt *, int)
{
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_access, nullptr, nullptr);
}

extern "C" int mosquitto_plugin_cleanup(void *, mosquitto_opt *, int)
{
    return MOSQ_ERR_SUCCESS;
}
