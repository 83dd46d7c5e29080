/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin whose decisions are Python's, which looks where nothing is for messages to "throw". */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <mosquitto.h>

static const char script[] = "import ctypes, faulthandler\n"
                             "faulthandler.enable()\n"
                             "def allows(topic):\n"
                             "    if topic == 'throw':\n"
                             "        ctypes.string_at(0)\n"
                             "    return topic != 'denied'\n";

static int on_access(int event, void *data, void *userdata)
{
    struct mosquitto_evt_acl_check *check = data;
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *answer = PyObject_CallMethod(module, "allows", "s", check->topic);
    int code = answer == Py_True ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;

    (void)event;
    (void)userdata;
    Py_XDECREF(answer);
    return code;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    (void)count;
    (void)versions;
    return 5;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    Py_InitializeEx(0);
    if (PyRun_SimpleString(script) != 0) {
        return MOSQ_ERR_UNKNOWN;
    }
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_access, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    Py_FinalizeEx();
    return MOSQ_ERR_SUCCESS;
}
