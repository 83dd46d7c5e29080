# SPDX-License-Identifier: Apache-2.0
"""The steps that dynsec_matrix.py goes through, and what is to come of each."""


def tool(words, refused=False, kicked="", back=None):
    """A step with mosquitto_ctrl.

    `kicked` are disconnected. Of them and of those outside already, `back` (without it: `kicked`) come in again.
    """
    return ("tool", words.split(), refused, kicked.split(), back)


def raw(command, kicked="", back=None, refused=False):
    """A step sent as JSON, for what the tool of version 2.0 has no command for."""
    return ("raw", command, refused, kicked.split(), back)


def access(name, topic, may):
    """What a client may do with a topic, of: sub unsub recv pub."""
    return ("access", name, topic, may.split())


def login(name, password, identifier, is_in):
    """Whether somebody gets in."""
    return ("login", name, password, identifier, is_in)


def watch(name, identifier=None):
    """Connects a client that has to stay connected until a step says otherwise.

    Version 2.1 disconnects up to 100 ms after its answer, so whoever is to be changed must be watched.
    """
    return ("watch", name, identifier or "watched-" + name)


def restart():
    """The broker ends and starts with the same file."""
    return ("restart",)


# `fence` lets probes end without waiting for what must not come; `tester` sees and sends everything.
PREPARATION = [
    tool("createRole all"),
    tool("addRoleACL all publishClientSend # allow"),
    tool("addRoleACL all publishClientReceive # allow"),
    tool("addRoleACL all subscribePattern # allow"),
    tool("createClient tester -p tester-password"),
    watch("tester"),
    tool("addClientRole tester all", kicked="tester"),
    tool("createRole fence"),
    tool("addRoleACL fence publishClientSend fence allow"),
    tool("addRoleACL fence publishClientReceive fence allow"),
    tool("addRoleACL fence subscribeLiteral fence allow"),
    tool("addRoleACL fence publishClientSend will/# allow"),
    watch("anonymous"),
]

CLIENTS = [
    tool("createClient alice -p alice-1"),
    watch("alice"),
    tool("addClientRole alice fence 1000", kicked="alice"),
    tool("createClient bob -p bob-1"),
    watch("bob"),
    tool("addClientRole bob fence 1000", kicked="bob"),
    tool("createClient alice -p other", refused=True),
    login("alice", "alice-1", "x", True),
    login("alice", "other", "x", False),
    login("stranger", "alice-1", "x", False),
    tool("createClient dave -c dave-id -p dave-1"),
    login("dave", "dave-1", "dave-id", True),
    login("dave", "dave-1", "x", False),
    watch("dave", "dave-id"),
    tool("setClientId dave other-id", kicked="dave", back=[]),
    login("dave", "dave-1", "dave-id", False),
    login("dave", "dave-1", "other-id", True),
    watch("dave", "other-id"),
    tool("setClientId dave", kicked="dave"),
    login("dave", "dave-1", "x", True),
    tool("getClient alice"),
    tool("getClient nobody", refused=True),
    tool("listClients"),
    tool("listClients 2 1"),
]

ROLES = [
    access("alice", "a/x", "unsub"),
    tool("createRole reader"),
    tool("createRole reader", refused=True),
    tool("addRoleACL reader subscribePattern a/# allow"),
    tool("addRoleACL reader subscribePattern a/# allow", refused=True),
    tool("addRoleACL reader subscribePattern a# allow", refused=True),
    tool("addRoleACL nobody subscribePattern a/# allow", refused=True),
    tool("addClientRole alice reader", kicked="alice"),
    access("alice", "a/x", "sub recv unsub"),
    access("alice", "a/#", "sub unsub"),
    access("alice", "b/x", "unsub"),
    access("bob", "a/x", "unsub"),
    tool("createRole writer"),
    tool("addRoleACL writer publishClientSend a/+ allow"),
    tool("addClientRole alice writer 5", kicked="alice"),
    access("alice", "a/x", "sub recv pub unsub"),
    access("alice", "a/x/y", "sub recv unsub"),
    tool("addRoleACL writer publishClientSend a/secret deny 10", kicked="alice"),
    access("alice", "a/secret", "sub recv unsub"),
    access("alice", "a/open", "sub recv pub unsub"),
    tool("createRole silent"),
    tool("addRoleACL silent publishClientSend a/x deny"),
    tool("addRoleACL silent subscribeLiteral a/x deny"),
    tool("addRoleACL silent publishClientReceive a/z deny"),
    tool("addRoleACL silent unsubscribePattern a/z deny"),
    tool("addClientRole alice silent 4", kicked="alice"),
    access("alice", "a/x", "pub unsub"),
    access("alice", "a/z", "sub pub"),
    tool("removeClientRole alice silent", kicked="alice"),
    tool("addClientRole alice silent 6", kicked="alice"),
    access("alice", "a/x", "unsub"),
    tool("addClientRole alice nobody", refused=True),
    tool("addClientRole nobody silent", refused=True),
    tool("getRole writer"),
    tool("listRoles"),
    tool("listRoles 2 1"),
    tool("removeRoleACL silent publishClientSend a/x", kicked="alice"),
    access("alice", "a/x", "pub unsub"),
    tool("removeRoleACL silent publishClientSend a/x", refused=True),
]

GROUPS = [
    tool("createGroup staff"),
    tool("createGroup staff", refused=True),
    tool("addGroupClient staff bob", kicked="bob"),
    tool("addGroupClient staff nobody", refused=True),
    tool("addGroupRole staff reader", kicked="bob"),
    access("bob", "a/x", "sub recv unsub"),
    tool("addGroupRole staff writer 3", kicked="bob"),
    access("bob", "a/x", "sub recv pub unsub"),
    access("bob", "a/secret", "sub recv unsub"),
    tool("createGroup quiet"),
    tool("addGroupRole quiet silent"),
    tool("addGroupClient quiet bob 9", kicked="bob"),
    access("bob", "a/x", "pub unsub"),
    access("bob", "a/z", "sub pub"),
    tool("addGroupRole quiet nobody", refused=True),
    tool("addRoleACL reader subscribePattern c/# allow", kicked="alice bob"),
    access("bob", "c/x", "sub recv unsub"),
    tool("getGroup quiet"),
    tool("getClient bob"),
    tool("listGroups"),
    tool("removeGroupRole staff writer", kicked="bob"),
    access("bob", "a/open", "sub recv unsub"),
    tool("removeGroupClient quiet bob", kicked="bob"),
    access("bob", "a/x", "sub recv unsub"),
    tool("deleteGroup quiet"),
    tool("deleteGroup quiet", refused=True),
]

DISABLED = [
    tool("disableClient alice", kicked="alice", back=[]),
    login("alice", "alice-1", "x", False),
    tool("enableClient alice", back=["alice"]),
    login("alice", "alice-1", "x", True),
    tool("disableClient nobody", refused=True),
    tool("setClientPassword alice alice-2", kicked="alice"),
    login("alice", "alice-1", "x", False),
    login("alice", "alice-2", "x", True),
    tool("setClientPassword nobody x", refused=True),
]

ANONYMOUS = [
    login(None, None, "x", True),
    tool("getAnonymousGroup"),
    tool("createGroup guests"),
    tool("addGroupRole guests fence 1000"),
    tool("setAnonymousGroup guests", kicked="anonymous"),
    tool("setAnonymousGroup nobody", refused=True),
    access("anonymous", "a/x", "unsub"),
    tool("addGroupRole guests reader", kicked="anonymous"),
    access("anonymous", "a/x", "sub recv unsub"),
    tool("addRoleACL reader publishClientSend guestbook allow", kicked="alice bob anonymous"),
    access("anonymous", "guestbook", "pub unsub"),
    tool("getAnonymousGroup"),
]

DEFAULTS = [
    tool("setDefaultACLAccess publishClientSend allow"),
    access("alice", "q/x", "pub unsub"),
    tool("setDefaultACLAccess subscribe allow"),
    access("bob", "q/x", "sub recv pub unsub"),
    access("bob", "$CONTROL/x", ""),
    tool("setDefaultACLAccess publishClientReceive deny"),
    access("bob", "q/x", "sub pub unsub"),
    tool("setDefaultACLAccess unsubscribe deny"),
    access("anonymous", "q/x", "sub pub"),
    tool("getDefaultACLAccess"),
    tool("setDefaultACLAccess publishClientSend deny"),
    tool("setDefaultACLAccess subscribe deny"),
    tool("setDefaultACLAccess publishClientReceive allow"),
    tool("setDefaultACLAccess unsubscribe allow"),
]

MODIFICATIONS = [
    raw({"command": "modifyClient", "username": "bob", "textname": "Bob", "textdescription": "é"}, kicked="bob"),
    raw({"command": "modifyClient", "username": "nobody"}, refused=True),
    raw({"command": "modifyClient", "username": "bob", "password": "bob-2",
         "roles": [{"rolename": "fence", "priority": 7}, {"rolename": "writer"}]}, kicked="bob"),
    login("bob", "bob-1", "x", False),
    access("bob", "a/x", "sub recv pub unsub"),
    raw({"command": "modifyRole", "rolename": "silent", "textname": "Silent", "acls": [
        {"acltype": "publishClientSend", "topic": "s/#", "priority": 1, "allow": True},
        {"acltype": "publishClientSend", "topic": "s/x", "priority": 2, "allow": False}]}, kicked="alice"),
    access("alice", "s/x", "unsub"),
    access("alice", "s/y", "pub unsub"),
    raw({"command": "modifyGroup", "groupname": "staff", "textname": "Staff"}, kicked="bob"),
    raw({"command": "createRole", "rolename": "made", "textname": "m", "acls": [
        {"acltype": "subscribeLiteral", "topic": "m/#", "allow": True}]}),
]

LAST = [
    tool("addClientRole alice made", kicked="alice"),
    restart(),
    access("alice", "s/x", "unsub"),
    access("alice", "a/open", "sub recv pub unsub"),
    access("anonymous", "a/x", "sub recv unsub"),
    login("alice", "alice-1", "x", False),
    login("dave", "dave-1", "x", True),
    tool("removeClientRole alice made", kicked="alice"),
    tool("deleteRole made"),
    tool("deleteRole made", refused=True),
    tool("deleteRole writer", kicked="alice bob"),
    access("alice", "a/open", "sub recv unsub"),
    tool("deleteClient alice", kicked="alice", back=[]),
    login("alice", "alice-2", "x", False),
    tool("deleteClient alice", refused=True),
    tool("deleteGroup staff", kicked="bob"),
    access("bob", "a/open", "unsub"),
    tool("deleteClient bob", kicked="bob", back=[]),
    tool("nonsense", refused=True),
    restart(),
    tool("listClients"),
    tool("listGroups"),
    tool("listRoles"),
]

SCENARIO = (
    PREPARATION + CLIENTS + ROLES + GROUPS + DISABLED + ANONYMOUS + DEFAULTS + MODIFICATIONS + LAST)
